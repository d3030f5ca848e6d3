// Keeps what is held theirs while somebody looks at it; who has gone away loses it in time.

import { call } from "./api.js";

/** @typedef {{ id: number, expires_at: string }} Leased an assignment, of which only this matters here */

// A lease is renewed when half of it is over, but not more often than this.
const SHORTEST_BEAT_MS = 10_000;

export class Lease {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #beating;

  /** @param {string} api where the API starts, with the slash */
  constructor(api) {
    this.api = api;
  }

  /** @param {Leased | null} assignment in front of the annotator; what is held ahead is renewed with it */
  keep(assignment) {
    clearTimeout(this.#beating);
    if (!assignment) return;
    const wait = Math.max(SHORTEST_BEAT_MS, (Date.parse(assignment.expires_at) - Date.now()) / 2);
    this.#beating = setTimeout(() => void this.#beat(assignment), wait);
  }

  /** @param {Leased} assignment */
  async #beat(assignment) {
    const beating = this.#beating;
    if (document.visibilityState === "visible") {
      try {
        Object.assign(assignment, await call("POST", `${this.api}assignments/${assignment.id}/renew/`));
      } catch {
        // Whoever judges is told what became of it.
      }
    }
    if (this.#beating === beating) this.keep(assignment);
  }
}
