// A judgment on its way: kept in the tab until the server has it, sent again with the same key until it answers.

import { Refused, Unreachable, call } from "./api.js";

/**
 * @typedef {object} JudgmentBody what POST assignments/{id}/judgment/ takes
 * @property {string} choice left, right, tie, both_bad or skip
 * @property {string} key the same for every retry
 * @property {number} seconds
 * @property {number} [strength] 1 slightly, 2 clearly, 3 much better
 * @property {string} [skip_reason]
 */
/** @typedef {{ url: string, body: JudgmentBody }} Letter */

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

export class Outbox {
  /** @type {(() => void) | null} */
  #hurry = null;

  /**
   * @param {string} name under which the tab keeps what is not delivered yet
   * @param {(secondsToNextTry: number) => void} onTrouble called before each wait
   */
  constructor(name, onTrouble) {
    this.name = `outbox:${name}`;
    this.onTrouble = onTrouble;
    window.addEventListener("online", () => this.hurry());
  }

  /** @returns {Letter | null} what an earlier page left undelivered */
  get pending() {
    try {
      return JSON.parse(sessionStorage.getItem(this.name) ?? "null");
    } catch {
      return null;
    }
  }

  /**
   * Delivers a judgment, however long that takes.
   *
   * @param {Letter} letter
   * @returns {Promise<any>} the server's answer
   * @throws {import("./api.js").Refused} the server said no; nothing is kept, unless only the sign-in is missing
   */
  async deliver(letter) {
    keep(this.name, JSON.stringify(letter));
    try {
      const answer = await this.untilAnswered(() => call("POST", letter.url, letter.body));
      keep(this.name, null);
      return answer;
    } catch (error) {
      const signedOut = error instanceof Refused && error.signedOut;
      if (!signedOut) keep(this.name, null);
      throw error;
    }
  }

  /**
   * Repeats a call until the server answers it, with growing pauses.
   *
   * @param {() => Promise<any>} errand
   * @returns {Promise<any>}
   */
  async untilAnswered(errand) {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await errand();
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        await this.#wait(pause);
      }
    }
  }

  /** Tries again now. */
  hurry() {
    this.#hurry?.();
  }

  /** @param {number} milliseconds */
  #wait(milliseconds) {
    this.onTrouble(milliseconds / 1000);
    return new Promise((resolve) => {
      const timer = setTimeout(done, milliseconds);
      function done() {
        clearTimeout(timer);
        resolve(undefined);
      }
      this.#hurry = done;
    });
  }
}

/**
 * @param {string} name
 * @param {string | null} value null: forget it
 */
function keep(name, value) {
  try {
    if (value === null) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, value);
  } catch {
    // A browser that keeps nothing: the judgment still lives as long as this page does.
  }
}
