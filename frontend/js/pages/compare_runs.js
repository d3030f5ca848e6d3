// Runs beside each other: a chart for each figure, a curve for each run.

import { Chart } from "../components/chart.js";
import { all, maybe, one } from "../lib/dom.js";
import { gettext, interpolate } from "../lib/translation.js";

/** @typedef {{ label: string, lines: Record<string, number>[] }} Run what was measured at each `step` */

const COLOURS = ["--series-1", "--series-2", "--series-3", "--series-4"];

const island = maybe("script#curves", HTMLScriptElement);
/** @type {Run[]} */
const runs = JSON.parse(island?.textContent ?? "[]");
const steps = [...new Set(runs.flatMap((run) => run.lines.map((line) => line.step ?? 0)))].sort((first, second) => first - second);

const planned = Number(maybe("[data-steps]", HTMLElement)?.dataset.steps ?? 0);

for (const place of all("[data-chart]", HTMLElement)) {
  const figure = place.dataset.chart ?? "";
  const columns = runs.map((run) => {
    const bySteps = new Map(run.lines.map((line) => [line.step, line[figure] ?? null]));
    return steps.map((step) => bySteps.get(step) ?? null);
  });
  /** @type {import("../components/chart_types.js").Curve[]} */
  const curves = runs.map((run, index) => ({
    label: interpolate(gettext("Run %(which)s"), { which: run.label }),
    colour: COLOURS[index] ?? "--ink",
    style: index % 2 ? "dash" : "line",
  }));
  const { level, levelName, percent, log } = place.dataset;
  const chart = new Chart(one(".chart-canvas", HTMLElement, place), curves, {
    ...(level === undefined ? {} : { level: Number(level) }),
    ...(levelName ? { levelName } : {}),
    percent: percent !== undefined,
    log: log !== undefined,
  });
  chart.plan(planned);
  chart.show([steps, ...columns]);
}
