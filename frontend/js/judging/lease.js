// Renews the lease of the pair on the page while somebody looks at it; without that it runs out.

import { call as callApi } from "../lib/api.js";
import { systemClock } from "../lib/clock.js";

/** @typedef {{ id: number, expires_at: string }} Leased an assignment, of which only this matters here */

// A lease is renewed when half of it is over, but not more often than this.
const SHORTEST_PAUSE_MS = 10_000;

export class LeaseKeeper {
  /** @type {any} */
  #timer;

  /**
   * @param {object} wiring
   * @param {string} wiring.api where the API starts, with the slash
   * @param {typeof callApi} [wiring.call]
   * @param {import("../lib/clock.js").Clock} [wiring.clock]
   * @param {import("./types.js").Visibility} [wiring.visibility]
   */
  constructor({ api, call = callApi, clock = systemClock, visibility = document }) {
    this.api = api;
    this.call = call;
    this.clock = clock;
    this.visibility = visibility;
  }

  /** @param {Leased | null} assignment on the page; what is held ahead is renewed with it */
  keep(assignment) {
    this.clock.stop(this.#timer);
    if (!assignment) return;
    const pause = Math.max(SHORTEST_PAUSE_MS, (Date.parse(assignment.expires_at) - this.clock.now()) / 2);
    this.#timer = this.clock.start(() => void this.#renew(assignment), pause);
  }

  /** @param {Leased} assignment */
  async #renew(assignment) {
    const timer = this.#timer;
    if (!this.visibility.hidden) {
      try {
        Object.assign(assignment, await this.call("POST", `${this.api}assignments/${assignment.id}/renew/`));
      } catch {
        // The judgment says what became of the lease.
      }
    }
    if (this.#timer === timer) this.keep(assignment);
  }
}
