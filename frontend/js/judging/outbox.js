// Pending judgments: kept in the browser until the server has them, one after the other, however long it takes.

import { Refused, Unreachable } from "../lib/api.js";
import { systemClock } from "../lib/clock.js";
import { PendingStore } from "./pending_store.js";

/** @typedef {import("./types.js").JudgmentDraft} JudgmentDraft */
/** @typedef {import("./types.js").PendingJudgment} PendingJudgment */

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

export class Outbox {
  /** @type {PendingJudgment[]} oldest first; the first is the one being sent */
  pending;
  #isSending = false;
  /** Whether the first of them was sent: the server may have it. */
  #isFirstSent = false;
  /** Whether the reader has to do something first, such as sign in. */
  #isHeldUp = false;
  /** @type {Set<PendingJudgment>} those that an earlier page left: another tab may have them too */
  #found;
  /** @type {{ judgment: PendingJudgment, until: number, rest: number } | null} the one that can still be amended */
  #resting = null;
  #sending = Promise.resolve();
  /** @type {(() => void) | null} ends the pause before the next try */
  #endPause = null;

  /**
   * @param {object} wiring
   * @param {string} wiring.owner whose judgments they are
   * @param {(judgment: PendingJudgment) => Promise<void>} wiring.deliver resolves when the server has replied, whatever
   *   it said
   * @param {(judgment: PendingJudgment) => Promise<void>} [wiring.onGone] called instead where another tab has delivered
   *   or undone it
   * @param {(secondsToNextTry: number) => void} wiring.onTrouble called before each pause
   * @param {() => void} [wiring.onDelivered] called after each that need not be kept any longer
   * @param {Storage} [wiring.storage]
   * @param {import("../lib/clock.js").Clock} [wiring.clock]
   * @param {EventTarget} [wiring.network] says "online"
   */
  constructor({ owner, deliver, onTrouble, onGone = async () => {}, onDelivered = () => {}, storage = localStorage, clock = systemClock, network = window }) {
    this.deliver = deliver;
    this.onTrouble = onTrouble;
    this.onGone = onGone;
    this.onDelivered = onDelivered;
    this.clock = clock;
    this.store = new PendingStore(owner, storage);
    this.pending = this.store.read();
    this.#found = new Set(this.pending);
    network.addEventListener("online", () => this.retryNow());
  }

  /** @returns {boolean} */
  get isEmpty() {
    return this.pending.length === 0;
  }

  /**
   * @param {PendingJudgment} judgment
   * @param {number} [rest] milliseconds in which it can still be amended
   */
  add(judgment, rest = 0) {
    if (rest) this.#resting = { judgment, until: this.clock.now() + rest, rest };
    this.pending.push(judgment);
    this.store.put(judgment);
    void this.send();
  }

  /**
   * Changes a judgment that still rests, and starts its rest again.
   *
   * @param {string} key
   * @param {Partial<JudgmentDraft>} change
   * @returns {boolean} whether it could be changed
   */
  amend(key, change) {
    const resting = this.#resting;
    if (resting?.judgment.body.key !== key) return false;
    Object.assign(resting.judgment.body, change);
    resting.until = this.clock.now() + resting.rest;
    this.store.put(resting.judgment);
    return true;
  }

  /**
   * @param {string} key
   * @returns {boolean} whether it is pending, and the server cannot have it
   */
  isUnsent(key) {
    const index = this.pending.findIndex((judgment) => judgment.body.key === key);
    return index > 0 || (index === 0 && !this.#isFirstSent);
  }

  /**
   * Removes a judgment that has not been sent yet.
   *
   * @param {string} key
   * @returns {boolean} false: it was sent
   */
  withdraw(key) {
    if (!this.isUnsent(key)) return false;
    const index = this.pending.findIndex((judgment) => judgment.body.key === key);
    const [judgment] = this.pending.splice(index, 1);
    if (judgment === this.#resting?.judgment) this.#resting = null;
    if (judgment) this.store.remove(judgment);
    return true;
  }

  /** Sends what is pending, one after the other. */
  send() {
    if (!this.#isSending && !this.#isHeldUp) this.#sending = this.#sendAll();
    return this.#sending;
  }

  /** @returns {Promise<void>} when nothing is left to send, or nothing that could be sent */
  idle() {
    return this.#sending;
  }

  async #sendAll() {
    this.#isSending = true;
    try {
      for (let first = this.pending[0]; first && !this.#isHeldUp; first = this.pending[0]) {
        const judgment = first;
        await this.#rest(judgment);
        if (judgment !== this.pending[0]) continue; // withdrawn meanwhile
        this.#isFirstSent = true;
        await this.untilAnswered(() => (this.#isGone(judgment) ? this.onGone(judgment) : this.deliver(judgment)));
        this.#isFirstSent = false;
        this.pending.shift();
        this.store.remove(judgment);
        this.onDelivered();
      }
    } catch (error) {
      if (!(error instanceof Refused && error.waitsFor)) throw error; // the next judgment retries this one
      this.#isHeldUp = true; // kept: it goes out once somebody has signed in, say
    } finally {
      this.#isSending = false;
      this.#isFirstSent = false;
    }
  }

  /** @param {PendingJudgment} judgment */
  #isGone(judgment) {
    return this.#found.has(judgment) && !this.store.has(judgment.body.key);
  }

  /**
   * Waits until a judgment can no longer be amended; nothing rests once another was added after it.
   *
   * @param {PendingJudgment} judgment
   */
  async #rest(judgment) {
    while (this.#resting?.judgment === judgment && this.pending.at(-1) === judgment) {
      const remaining = this.#resting.until - this.clock.now();
      if (remaining <= 0) break;
      await new Promise((done) => this.clock.start(() => done(undefined), remaining));
    }
    if (this.#resting?.judgment === judgment) this.#resting = null;
  }

  /**
   * Repeats a call until the server replies, with growing pauses.
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
        await this.#pause(pause);
      }
    }
  }

  /** Tries again now, also what waited for the reader, to sign in, say. */
  retryNow() {
    this.#endPause?.();
    if (this.#isHeldUp) {
      this.#isHeldUp = false;
      void this.send();
    }
  }

  /** @param {number} milliseconds */
  #pause(milliseconds) {
    this.onTrouble(milliseconds / 1000);
    return new Promise((resolve) => {
      const end = () => {
        this.clock.stop(timer);
        resolve(undefined);
      };
      const timer = this.clock.start(end, milliseconds);
      this.#endPause = end;
    });
  }
}
