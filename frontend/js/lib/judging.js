// The annotator's session: what is in front of them, what comes after it, what they said, what can be taken back.
// Knows the API, not the page.
//
// The next pairs are held and rendered ahead, so that a judgment shows the next one at once; the judgment itself goes
// through the outbox, in order. All calls of the server are made one after the other, so that each answer tells what is
// held after everything that was said before it.

import { Refused, call } from "./api.js";
import { newKey } from "./key.js";
import { Lease } from "./lease.js";
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
 */
/** @typedef {{ id: number, expires_at: string, guideline_version: number | null }} Held */
/** @typedef {{ judged: number, judged_today: number, comparisons: number, settled: number, notice: string }} Progress */
/**
 * @typedef {{ choice: string, strength?: number, skip_reason?: string, flag?: string, comment?: string, edit?: string,
 *   criteria?: Record<string, string> }} Saying what a key or a button says
 */
/**
 * @typedef {{ assignment: number, view: Assignment | null, key: string | null, saying: Saying | null }} Done
 *   what was judged; key: while the server does not have it yet
 */
/**
 * @typedef {object} Listener what the page does about it
 * @property {(assignment: Assignment | null, why: "judged" | "undone" | "found", saying?: Saying | null) => void} shown
 *   saying: of an undo, what had been said
 * @property {(progress: Progress) => void} counted
 * @property {(saying: Saying) => void} said at once
 * @property {(saying: Saying) => void} saved when the server has it
 * @property {(trouble: Trouble | null) => void} troubled null: over
 * @property {() => void} changed whether it is busy, what is on its way, or whether something can be undone
 */
/** @typedef {{ kind: "offline", seconds: number } | { kind: "signed-out" } | { kind: "refused", message: string }} Trouble */

const MOST_UNDOS = 50;

export class Judging {
  /** @type {Assignment | null} */
  assignment = null;
  /** Whether the pair after the one that was judged last has to come from the server first. */
  #isWaiting = false;
  /** Whether the server is asked for what the page waits for: an undo, or another pair. */
  #isWorking = false;
  /** @type {Assignment[]} */
  #ahead = [];
  /** @type {Done[]} newest last */
  #done = [];
  #chain = Promise.resolve();

  /**
   * @param {{ api: string, campaign: string, owner: string, ahead: number }} place where the API starts, with the slash;
   *   the campaign's slug; who judges; how many are held ahead
   * @param {Listener} listener
   */
  constructor({ api, campaign, owner, ahead }, listener) {
    this.api = api;
    this.campaign = campaign;
    this.wanted = ahead;
    this.listener = listener;
    this.stopwatch = new Stopwatch();
    this.lease = new Lease(api);
    this.outbox = new Outbox(
      owner,
      (letter) => this.#inTurn(() => this.#deliver(letter)),
      (seconds) => listener.troubled({ kind: "offline", seconds }),
      () => listener.changed(),
    );
  }

  /** @returns {boolean} whether the page has to wait for the server */
  get busy() {
    return this.#isWaiting || this.#isWorking;
  }

  /** @returns {boolean} */
  get canUndo() {
    return this.#done.length > 0 && !this.#isWorking;
  }

  /** @returns {number} judgments that the server does not have yet */
  get onTheirWay() {
    return this.outbox.letters.length;
  }

  /**
   * Takes up what the server put into the page, delivers first what an earlier page could not, and fetches what follows.
   *
   * @param {Assignment | null} assignment
   * @param {number | null} lastJudged assignment that can be undone
   */
  start(assignment, lastJudged) {
    if (lastJudged) this.#done = [{ assignment: lastJudged, view: null, key: null, saying: null }];
    // What an earlier page left undelivered may be about the very pair that the server shows again.
    this.#isWaiting = assignment !== null && this.#isSaid(assignment.id);
    this.assignment = this.#isWaiting ? null : assignment;
    this.lease.keep(this.assignment);
    this.stopwatch.restart();
    this.listener.changed();
    if (!this.outbox.isEmpty) void this.outbox.send();
    else if (assignment && this.wanted > 0) void this.#fetch();
  }

  /**
   * Judges what is in front of the annotator, and shows the next pair at once if it is here.
   *
   * @param {Saying} saying
   */
  judge(saying) {
    const assignment = this.assignment;
    if (this.busy || !assignment) return;
    const key = newKey();
    const body = { ...saying, seconds: this.stopwatch.seconds, key };
    this.#done = [...this.#done, { assignment: assignment.id, view: assignment, key, saying }].slice(-MOST_UNDOS);
    const next = this.#ahead.shift() ?? null;
    this.listener.said(saying);
    if (next) this.#show(next, "judged");
    else this.#isWaiting = true;
    const url = `${this.api}assignments/${assignment.id}/judgment/`;
    this.outbox.post({ url, campaign: this.campaign, assignment: assignment.id, body, at: Date.now() });
    this.listener.changed();
  }

  /** Takes the last judgment back and shows its pair again: at once, if it has not been sent yet. */
  async undo() {
    const last = this.#done.at(-1);
    if (!last || this.#isWorking) return;
    if (last.key && last.view && this.outbox.takeBack(last.key)) {
      this.#done.pop();
      this.#isWaiting = false;
      this.#again(last.view, last);
      this.listener.changed();
      return;
    }
    await this.#work(async () => {
      await this.outbox.idle();
      if (!this.#done.includes(last) || last.key) return; // it was refused, or is kept until somebody signs in
      const url = `${this.api}assignments/${last.assignment}/judgment/`;
      const answer = await this.outbox.untilAnswered(() => this.#inTurn(() => call("DELETE", url)));
      this.#done.pop();
      this.#again(answer.assignment, last, answer.held);
      this.listener.counted(answer.progress);
    });
  }

  /** Asks for something to judge. */
  async lookForMore() {
    if (this.busy) return;
    await this.#work(async () => {
      const answer = await this.outbox.untilAnswered(() => this.#inTurn(() => this.#ask([])));
      this.#ahead = answer?.following ?? [];
      this.#show(answer?.assignment ?? null, "found");
      if (answer?.progress) this.listener.counted(answer.progress);
    }, false);
  }

  /** @returns {number[]} what need not be sent again */
  #have() {
    const shown = this.assignment ? [this.assignment] : [];
    return [...this.outbox.letters.map((letter) => letter.assignment), ...[...shown, ...this.#ahead].map((one) => one.id)];
  }

  /** @param {number[]} have */
  #ask(have) {
    return call("POST", `${this.api}campaigns/${this.campaign}/assignments/next/`, { ahead: this.wanted, have });
  }

  /** Fills up what is held ahead. Nobody waits for it: where it fails, the next judgment says what is wrong. */
  async #fetch() {
    try {
      const answer = await this.#inTurn(() => this.#ask(this.#have()));
      if (answer) this.#settle(answer.held, [answer.assignment, ...answer.following]);
      if (this.#isWaiting && this.#ahead.length) this.#goOn();
    } catch {
      return;
    }
    this.listener.changed();
  }

  /** @param {import("./outbox.js").Letter} letter */
  async #deliver(letter) {
    const isOurs = letter.campaign === this.campaign;
    const wish = isOurs ? { ahead: this.wanted, have: this.#have() } : {};
    let answer;
    try {
      answer = await call("POST", letter.url, { ...letter.body, ...wish });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return this.#refused(error, letter);
    }
    this.listener.troubled(null);
    if (!isOurs) return;
    const done = this.#done.find((one) => one.key === letter.body.key);
    if (done) done.key = null;
    else this.#addDelivered({ assignment: letter.assignment, view: null, key: null, saying: null });
    this.#settle(answer.held, [answer.next, ...answer.following]);
    this.listener.saved(letter.body);
    const isIdle = this.#isWaiting || !this.assignment;
    // What else is on its way may bring more.
    if (isIdle && (this.#ahead.length || (this.#isWaiting && this.onTheirWay === 1))) this.#goOn();
    this.listener.counted(answer.progress); // after the next pair: what changes last says that it may be judged
    this.listener.changed();
  }

  /** @param {Done} done from an earlier page: it was said before all that is still on its way */
  #addDelivered(done) {
    const next = this.#done.findIndex((one) => one.key !== null);
    this.#done.splice(next < 0 ? this.#done.length : next, 0, done);
  }

  /**
   * The server said no to a judgment. It is not kept, unless only the sign-in is missing.
   *
   * @param {Refused} error
   * @param {import("./outbox.js").Letter} letter
   */
  async #refused(error, letter) {
    if (error.signedOut) {
      this.listener.troubled({ kind: "signed-out" });
      this.listener.changed();
      throw error;
    }
    this.#done = this.#done.filter((one) => one.key !== letter.body.key);
    // Nothing else is on its way: what is held may be stale, so it is asked for anew.
    if (letter.campaign === this.campaign && this.onTheirWay === 1) await this.#lookAgain();
    this.listener.troubled({ kind: "refused", message: error.message });
    this.listener.changed();
  }

  async #lookAgain() {
    const shown = this.#isWaiting ? undefined : this.assignment?.id;
    try {
      const answer = await this.#ask([]);
      const held = answer ? [answer.assignment, ...answer.following] : [];
      this.#ahead = held.filter((one) => one.id !== shown);
      if (held.length === this.#ahead.length) this.#goOn();
      if (answer?.progress) this.listener.counted(answer.progress);
    } catch (error) {
      if (error instanceof Refused) this.#ahead = [];
      if (error instanceof Refused || this.#isWaiting) this.#goOn();
    }
  }

  /** Shows the next pair, or that there is none, to somebody who was waiting for it. */
  #goOn() {
    this.#isWaiting = false;
    this.#show(this.#ahead.shift() ?? null, "judged");
  }

  /**
   * Shows a pair whose judgment was taken back; what was in front of the annotator comes after it.
   *
   * @param {Assignment} assignment
   * @param {Done} done
   * @param {Held[]} [held] as the server has it
   */
  #again(assignment, done, held) {
    if (this.assignment && this.assignment.id !== assignment.id) this.#ahead.unshift(this.assignment);
    this.assignment = null;
    if (held) this.#settle(held, []);
    this.#show(assignment, "undone", done.saying);
  }

  /**
   * @param {number} id
   * @returns {boolean} whether it was judged here and the server does not know yet
   */
  #isSaid(id) {
    return this.outbox.letters.some((letter) => letter.assignment === id);
  }

  /**
   * Brings what is held ahead in line with what the server says is held.
   *
   * @param {Held[]} held in order
   * @param {(Assignment | null)[]} fresh those of them that were not here yet
   */
  #settle(held, fresh) {
    const known = new Map([this.assignment, ...this.#ahead, ...fresh].flatMap((one) => (one ? [[one.id, one]] : [])));
    const views = held.flatMap((one) => {
      const view = known.get(one.id);
      return view ? [Object.assign(view, one)] : [];
    });
    this.#ahead = views.filter((one) => one !== this.assignment && !this.#isSaid(one.id));
  }

  /**
   * @param {Assignment | null} assignment
   * @param {"judged" | "undone" | "found"} why
   * @param {Saying | null} [saying]
   */
  #show(assignment, why, saying = null) {
    this.assignment = assignment;
    this.#ahead = this.#ahead.filter((one) => one.id !== assignment?.id);
    this.lease.keep(this.assignment);
    this.stopwatch.restart();
    this.listener.shown(assignment, why, saying);
  }

  /**
   * @template T
   * @param {() => Promise<T>} errand
   * @returns {Promise<T>} of its turn: after all calls before it
   */
  #inTurn(errand) {
    const turn = this.#chain.then(errand);
    this.#chain = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  /**
   * Runs an errand that the page waits for, and tells it how it went.
   *
   * @param {() => Promise<void>} errand
   * @param {boolean} [recovers] whether to ask for another pair when this one turns out to be gone
   */
  async #work(errand, recovers = true) {
    this.#isWorking = true;
    this.listener.changed();
    /** @type {unknown} */
    let problem = null;
    try {
      await errand();
      this.listener.troubled(null);
    } catch (error) {
      problem = error;
    }
    this.#isWorking = false;
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
    this.#done = stale ? [] : this.#done;
    if (stale && recovers) await this.lookForMore();
    this.listener.troubled({ kind: "refused", message: error.message });
  }
}
