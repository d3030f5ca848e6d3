// When nothing is left to judge: looks whether comparisons were added, without taking one from anybody, and asks for one
// when there were, and once a minute: a place in an earlier one may be free again. Meanwhile it says when the model will
// have written new ones.

import { call } from "../../lib/api.js";
import { one } from "../../lib/dom.js";
import { poll } from "../../lib/poll.js";

const LOOK_AGAIN_MS = 5000;
const TURNS_TO_ASK = 12;

export class NewPairs {
  #isWaiting = false;

  /**
   * @param {string} progressUrl
   * @param {import("../../judging/session.js").JudgingSession} session
   */
  constructor(progressUrl, session) {
    this.progressUrl = progressUrl;
    this.session = session;
    this.line = one("[data-coming]", HTMLElement);
  }

  /** @param {number} comparisons that the campaign has already */
  wait(comparisons) {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    let lastCount = comparisons;
    let turn = 0;
    poll(
      async () => {
        if (!this.session.assignment) {
          const progress = await call("GET", this.progressUrl);
          this.line.textContent = progress.coming_pairs;
          turn += 1;
          if (progress.comparisons > lastCount || turn % TURNS_TO_ASK === 0) await this.session.lookForMore({ isQuiet: true });
          lastCount = progress.comparisons;
        }
        this.#isWaiting = !this.session.assignment;
        return !this.#isWaiting;
      },
      { every: LOOK_AGAIN_MS },
    );
  }
}
