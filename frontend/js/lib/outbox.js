// Judgments on their way: kept in the browser until the server has them, one after the other, however long it takes.

import { Refused, Unreachable } from "./api.js";

/**
 * @typedef {object} JudgmentBody what POST assignments/{id}/judgment/ takes
 * @property {string} choice left, right, tie, both_bad or skip
 * @property {string} key the same for every retry
 * @property {number} seconds
 * @property {number} [strength] 1 slightly, 2 clearly, 3 much better
 * @property {string} [skip_reason]
 * @property {string} [comment]
 * @property {string} [edit]
 */
/** @typedef {{ url: string, campaign: string, assignment: number, body: JudgmentBody, at: number }} Letter */
/** @typedef {(letter: Letter) => Promise<void>} Deliver resolves when the server has answered, whatever it said */

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

export class Outbox {
  /** @type {Letter[]} oldest first; the first is the one under way */
  letters;
  #underWay = false;
  /** Of the letter under way: the server may have it. */
  #isTried = false;
  #held = false;
  /** @type {{ letter: Letter, until: number, rest: number } | null} the one that may still be amended */
  #resting = null;
  #sending = Promise.resolve();
  /** @type {(() => void) | null} */
  #hurry = null;

  /**
   * @param {string} owner whose letters they are: another person at the same browser has others
   * @param {Deliver} deliver
   * @param {(secondsToNextTry: number) => void} onTrouble called before each wait
   * @param {() => void} [onGone] called after each that needs no keeping any more
   */
  constructor(owner, deliver, onTrouble, onGone = () => {}) {
    this.prefix = `outbox:${owner}:`;
    this.deliver = deliver;
    this.onTrouble = onTrouble;
    this.onGone = onGone;
    this.letters = kept(this.prefix);
    window.addEventListener("online", () => this.hurry());
  }

  /** @returns {boolean} whether nothing is on its way */
  get isEmpty() {
    return this.letters.length === 0;
  }

  /**
   * @param {Letter} letter
   * @param {number} [rest] milliseconds in which it may still be amended
   */
  post(letter, rest = 0) {
    if (rest) this.#resting = { letter, until: Date.now() + rest, rest };
    this.letters.push(letter);
    keep(this.prefix, letter);
    void this.send();
  }

  /**
   * Says something else in a letter that still rests, and lets it rest anew.
   *
   * @param {string} key
   * @param {Partial<JudgmentBody>} change
   * @returns {boolean} whether it could
   */
  amend(key, change) {
    const resting = this.#resting;
    if (resting?.letter.body.key !== key) return false;
    Object.assign(resting.letter.body, change);
    resting.until = Date.now() + resting.rest;
    keep(this.prefix, resting.letter);
    return true;
  }

  /**
   * Takes a letter back that has not been sent yet.
   *
   * @param {string} key
   * @returns {Letter | null} null: it is gone already
   */
  takeBack(key) {
    const index = this.letters.findIndex((letter) => letter.body.key === key);
    if (index < 0 || (index === 0 && this.#isTried)) return null;
    const [letter] = this.letters.splice(index, 1);
    if (letter === this.#resting?.letter) this.#resting = null;
    if (letter) forget(this.prefix, letter);
    return letter ?? null;
  }

  /** Sends what there is, one after the other. */
  send() {
    if (!this.#underWay && !this.#held) this.#sending = this.#sendAll();
    return this.#sending;
  }

  /** @returns {Promise<void>} when there is nothing to send any more, or nothing that could be sent */
  idle() {
    return this.#sending;
  }

  async #sendAll() {
    this.#underWay = true;
    try {
      for (let letter = this.letters[0]; letter && !this.#held; letter = this.letters[0]) {
        const sent = letter;
        await this.#rest(sent);
        if (sent !== this.letters[0]) continue; // taken back meanwhile
        this.#isTried = true;
        await this.untilAnswered(() => this.deliver(sent));
        this.#isTried = false;
        this.letters.shift();
        forget(this.prefix, sent);
        this.onGone();
      }
    } catch (error) {
      if (!(error instanceof Refused && error.signedOut)) throw error; // the next letter tries this one again
      this.#held = true; // kept: it goes out once somebody has signed in
    } finally {
      this.#underWay = false;
      this.#isTried = false;
    }
  }

  /** @param {Letter} letter waits until it is no longer to be amended; nothing rests once another was posted after it */
  async #rest(letter) {
    while (this.#resting?.letter === letter && this.letters.at(-1) === letter) {
      const wait = this.#resting.until - Date.now();
      if (wait <= 0) break;
      await new Promise((done) => setTimeout(done, wait));
    }
    if (this.#resting?.letter === letter) this.#resting = null;
  }

  /**
   * Repeats a call until the server answers it, with growing pauses.
   *
   * @template T
   * @param {() => Promise<T>} errand
   * @returns {Promise<T>}
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
    if (this.#held) {
      this.#held = false;
      void this.send();
    }
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

// An entry for each letter, so that two tabs never overwrite each other's.

/**
 * @param {string} prefix
 * @returns {Letter[]} what earlier pages left undelivered, oldest first
 */
function kept(prefix) {
  try {
    return Object.keys(localStorage)
      .filter((name) => name.startsWith(prefix))
      .map((name) => /** @type {Letter} */ (JSON.parse(localStorage.getItem(name) ?? "null")))
      .filter(Boolean)
      .sort((one, other) => one.at - other.at);
  } catch {
    return [];
  }
}

/**
 * @param {string} prefix
 * @param {Letter} letter
 */
function keep(prefix, letter) {
  try {
    localStorage.setItem(prefix + letter.body.key, JSON.stringify(letter));
  } catch {
    // A browser that keeps nothing: the judgment still lives as long as this page does.
  }
}

/**
 * @param {string} prefix
 * @param {Letter} letter
 */
function forget(prefix, letter) {
  try {
    localStorage.removeItem(prefix + letter.body.key);
  } catch {
    // As above.
  }
}
