// An experiment on a real model: its steps are asked for, followed and shown.

import { announce } from "../../lib/announce.js";
import { call, Refused } from "../../lib/api.js";
import { maybe, one } from "../../lib/dom.js";
import { fixed } from "../../lib/format.js";
import { isActive } from "../../lib/job_status.js";
import { poll } from "../../lib/poll.js";
import { gettext, interpolate } from "../../lib/translation.js";
import { ExperimentCharts } from "./experiment_charts.js";
import { showFigures, showTable, showTexts, showWritten } from "./experiment_parts.js";
import { ExperimentStatus } from "./experiment_status.js";
import { isComplete, knownUntil, merged } from "./progress.js";

/** @typedef {import("./types.js").Session} Session */

const EVERY_MS = 700;

export class Experiment {
  #stop = () => {};

  /**
   * @param {HTMLElement} place
   * @param {string} api where the API starts, with the slash
   * @param {Session} session as the server wrote it into the page
   */
  constructor(place, api, session) {
    this.place = place;
    this.url = `${api}lab/${session.id}/`;
    this.session = session;
    this.status = new ExperimentStatus(place);
    this.charts = new ExperimentCharts(place, session);
    maybe("[data-lab-form]", HTMLFormElement, place)?.addEventListener("submit", (event) => {
      if (!(event.submitter instanceof HTMLButtonElement)) return;
      event.preventDefault();
      void this.#train(Number(event.submitter.value));
    });
    this.#show(session);
    if (this.#isUnderWay) this.#follow();
  }

  get #isUnderWay() {
    return isActive(this.session.status) && !isComplete(this.session);
  }

  /** @param {number} steps */
  async #train(steps) {
    try {
      this.#show(await call("POST", `${this.url}steps/`, { steps }));
      this.#follow();
    } catch (error) {
      this.status.explain(error instanceof Refused ? error.message : gettext("The server is not responding. Try again."));
    }
  }

  #follow() {
    this.#stop();
    this.#stop = poll(
      async () => {
        this.#show(await call("GET", `${this.url}?after=${knownUntil(this.session)}`));
        if (this.#isUnderWay) return false;
        const { done, points } = this.session;
        announce(interpolate(gettext("Step %(step)s: loss %(loss)s."), { step: done, loss: fixed(points.at(-1)?.loss) }));
        return true;
      },
      { every: EVERY_MS },
    );
  }

  /** @param {Session} reply */
  #show(reply) {
    const session = merged(this.session, reply);
    this.session = session;
    this.status.show(session);
    this.charts.show(session);
    showTexts(this.place, session);
    showFigures(this.place, session);
    showWritten(this.place, session);
    showTable(one("[data-lab-table] tbody", HTMLElement, this.place), session);
  }
}
