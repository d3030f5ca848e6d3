// The annotator's session: what is in front of them, what they said, what can be taken back. Knows the API, not the page.

import { Refused, call } from "./api.js";
import { newKey } from "./key.js";
import { Outbox } from "./outbox.js";
import { Stopwatch } from "./stopwatch.js";

/** @typedef {{ role: string, html: string, text: string }} Message */
/** @typedef {{ html: string, text: string, model: string | null }} CompletionView */
/**
 * @typedef {object} Assignment
 * @property {number} id
 * @property {string} expires_at
 * @property {Message[]} prompt
 * @property {CompletionView} left
 * @property {CompletionView} right
 * @property {number | null} guideline_version
 * @property {boolean} allow_tie
 * @property {boolean} allow_both_bad
 * @property {"choice" | "strength"} scale
 */
/** @typedef {{ judged: number, judged_today: number, comparisons: number, settled: number, notice: string }} Progress */
/**
 * @typedef {{ choice: string, strength?: number, skip_reason?: string, flag?: string, criteria?: Record<string, string> }} Saying
 *   what a key or a button says
 */
/**
 * @typedef {object} Listener what the page does about it
 * @property {(assignment: Assignment | null, why: "judged" | "undone" | "found") => void} shown
 * @property {(progress: Progress) => void} counted
 * @property {(saying: Saying) => void} saved
 * @property {(trouble: Trouble | null) => void} troubled null: over
 * @property {() => void} changed whether it is busy, or whether something can be undone
 */
/** @typedef {{ kind: "offline", seconds: number } | { kind: "signed-out" } | { kind: "refused", message: string }} Trouble */

const MOST_UNDOS = 50;

// A lease is renewed when half of it is over, but not more often than this.
const SHORTEST_BEAT_MS = 10_000;

export class Judging {
  /** @type {Assignment | null} */
  assignment = null;
  busy = false;
  /** @type {number[]} assignments judged here, newest last */
  #judged = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #beating;

  /**
   * @param {string} api where the API starts, with the slash
   * @param {string} campaign its slug
   * @param {Listener} listener
   */
  constructor(api, campaign, listener) {
    this.api = api;
    this.campaign = campaign;
    this.listener = listener;
    this.stopwatch = new Stopwatch();
    this.outbox = new Outbox(campaign, (seconds) => listener.troubled({ kind: "offline", seconds }));
  }

  /** @returns {boolean} */
  get canUndo() {
    return this.#judged.length > 0;
  }

  /**
   * Takes up what the server put into the page, and delivers first what an earlier page could not.
   *
   * @param {Assignment | null} assignment
   * @param {number | null} lastJudged assignment that can be undone
   */
  start(assignment, lastJudged) {
    this.assignment = assignment;
    this.#beat();
    if (lastJudged) this.#judged = [lastJudged];
    this.stopwatch.restart();
    const letter = this.outbox.pending;
    if (letter) void this.#work(() => this.#deliver(letter));
    this.listener.changed();
  }

  /**
   * Judges what is in front of the annotator. Does nothing while an earlier call is under way.
   *
   * @param {Saying} saying
   */
  async judge(saying) {
    const assignment = this.assignment;
    if (this.busy || !assignment) return;
    const body = { ...saying, seconds: this.stopwatch.seconds, key: newKey() };
    await this.#work(() => this.#deliver({ url: `${this.api}assignments/${assignment.id}/judgment/`, body }));
  }

  /** Takes the last judgment back and shows its pair again. */
  async undo() {
    const last = this.#judged.at(-1);
    if (this.busy || last === undefined) return;
    await this.#work(async () => {
      const answer = await this.outbox.untilAnswered(() => call("DELETE", `${this.api}assignments/${last}/judgment/`));
      this.#judged.pop();
      this.#show(answer.assignment, "undone");
      this.listener.counted(answer.progress);
    });
  }

  /** Asks for something to judge. */
  async lookForMore() {
    if (this.busy) return;
    await this.#work(async () => {
      const answer = await this.outbox.untilAnswered(() => call("POST", `${this.api}campaigns/${this.campaign}/assignments/next/`));
      this.#show(answer?.assignment ?? null, "found");
      if (answer?.progress) this.listener.counted(answer.progress);
    }, false);
  }

  /** @param {import("./outbox.js").Letter} letter */
  async #deliver(letter) {
    const answer = await this.outbox.deliver(letter);
    this.#judged.push(answer.judgment.assignment);
    this.#judged = this.#judged.slice(-MOST_UNDOS);
    this.listener.saved(letter.body);
    this.#show(answer.next, "judged");
    this.listener.counted(answer.progress);
  }

  /**
   * @param {Assignment | null} assignment
   * @param {"judged" | "undone" | "found"} why
   */
  #show(assignment, why) {
    this.assignment = assignment;
    this.#beat();
    this.stopwatch.restart();
    this.listener.shown(assignment, why);
  }

  /** Keeps what is in front of the annotator theirs while they look at it; who has gone away loses it in time. */
  #beat() {
    clearTimeout(this.#beating);
    const assignment = this.assignment;
    if (!assignment) return;
    const wait = Math.max(SHORTEST_BEAT_MS, (Date.parse(assignment.expires_at) - Date.now()) / 2);
    this.#beating = setTimeout(async () => {
      if (document.visibilityState === "visible") {
        try {
          Object.assign(assignment, await call("POST", `${this.api}assignments/${assignment.id}/renew/`));
        } catch {
          // Whoever judges is told what became of it.
        }
      }
      if (this.assignment === assignment) this.#beat();
    }, wait);
  }

  /**
   * Runs one errand at a time and tells the page how it went.
   *
   * @param {() => Promise<void>} errand
   * @param {boolean} [recovers] whether to ask for another pair when this one turns out to be gone
   */
  async #work(errand, recovers = true) {
    this.busy = true;
    this.listener.changed();
    /** @type {unknown} */
    let problem = null;
    try {
      await errand();
      this.listener.troubled(null);
    } catch (error) {
      problem = error;
    }
    this.busy = false;
    if (problem) await this.#explain(problem, recovers);
    this.listener.changed();
  }

  /**
   * @param {unknown} error
   * @param {boolean} recovers
   */
  async #explain(error, recovers) {
    if (!(error instanceof Refused)) throw error;
    if (error.signedOut) return this.listener.troubled({ kind: "signed-out" });
    // The pair is somebody else's by now, or the judgment is past taking back: what is shown may be stale.
    const stale = error.status === 404 || error.status === 409;
    this.#judged = stale ? [] : this.#judged;
    if (stale && recovers) await this.lookForMore();
    this.listener.troubled({ kind: "refused", message: error.message });
  }
}
