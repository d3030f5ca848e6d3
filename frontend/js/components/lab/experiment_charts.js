// The two charts of an experiment: how likely each text has become, and which one the model thinks is better.

import { one } from "../../lib/dom.js";
import { dpoFigures } from "../../lib/dpo_figures.js";
import { gettext, interpolate } from "../../lib/translation.js";
import { Chart } from "../chart.js";
import { logRatio, sidesAt } from "./progress.js";

/** @typedef {import("./types.js").Session} Session */

const COLOURS = ["--series-3", "--series-4", "--series-1", "--series-2"];

export class ExperimentCharts {
  /**
   * @param {HTMLElement} place
   * @param {Session} session
   */
  constructor(place, session) {
    const watched = session.lesson.watched.map((_, index) => interpolate(gettext("Watched %(number)s"), { number: index + 1 }));
    this.labels = [gettext("Better"), gettext("Worse"), ...watched];
    this.ratios = new Chart(
      one("[data-chart=ratios] .chart-canvas", HTMLElement, place),
      this.labels.map((label, index) => ({ label, colour: COLOURS[index] ?? "--series-1", style: index % 2 ? "dash" : "line" })),
      { level: 0 },
    );
    const wins = one("[data-chart=wins] .chart-canvas", HTMLElement, place);
    this.wins = new Chart(wins, [{ label: gettext("P(better one wins)"), colour: "--series-3" }], {
      level: 0.5,
      levelName: gettext("Without a preference"),
      percent: true,
      fit: true,
    });
  }

  /** @param {Session} session */
  show(session) {
    this.ratios.plan(session.total);
    this.wins.plan(session.total);
    const steps = session.points.map((point) => point.step);
    const ratios = session.points.map((point) => sidesAt(session, point).map(logRatio));
    this.ratios.show([steps, ...this.labels.map((_, index) => ratios.map((each) => each[index] ?? null))]);
    this.wins.show([steps, session.points.map((point) => dpoFigures(point.margin, 0, 1).probability)]);
  }
}
