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
import { Said } from "./said.js";
import { Stopwatch } from "./stopwatch.js";

/** @typedef {import("./judging_types.js").Assignment} Assignment */
/** @typedef {import("./judging_types.js").Held} Held */
/** @typedef {import("./judging_types.js").Progress} Progress */
/** @typedef {import("./judging_types.js").Saying} Saying */
/** @typedef {import("./judging_types.js").Session} Session */
/** @typedef {import("./judging_types.js").Listener} Listener */

const STRONGEST = 3;

export class Judging {
  /** @type {Assignment | null} */
  assignment = null;
  /** Whether the pair after the one that was judged last has to come from the server first. */
  #isWaiting = false;
  /** Whether the server is asked for what the page waits for: an undo, or another pair. */
  #isWorking = false;
  /** @type {Assignment[]} */
  #ahead = [];
  #said = new Said();
  /** @type {Progress | null} */
  #progress = null;
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
    return this.#said.last !== undefined && !this.#isWorking;
  }

  /** @returns {number} judgments that the server does not have yet */
  get onTheirWay() {
    return this.outbox.letters.length;
  }

  /** @returns {Session} */
  get session() {
    const shown = this.assignment ? [this.assignment] : [];
    return { pairs: [...this.#said.unsent, ...shown, ...this.#ahead], progress: this.#progress };
  }

  /**
   * Takes up what the server put into the page, delivers first what an earlier page could not, and fetches what follows.
   *
   * @param {Assignment | null} assignment
   * @param {number | null} lastJudged assignment that can be undone
   */
  start(assignment, lastJudged) {
    if (lastJudged) this.#said.add({ assignment: lastJudged, view: null, key: null, saying: null });
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
   * Goes on with what an earlier page held, in a page that came without the server.
   *
   * @param {Session} session
   */
  resume({ pairs, progress }) {
    const letters = this.outbox.letters.filter((letter) => letter.campaign === this.campaign);
    this.#said.takeUp(letters, pairs);
    if (progress) this.#count(progress);
    const [next = null, ...ahead] = pairs.filter((one) => !this.#isSaid(one.id));
    this.#ahead = ahead;
    this.#isWaiting = next === null;
    if (next) this.#show(next, "found");
    this.listener.changed();
    void this.outbox.send();
    if (letters.length === 0) void this.#catchUp();
  }

  /**
   * Judges what is in front of the annotator, and shows the next pair at once if it is here.
   *
   * @param {Saying} saying
   * @param {number} [rest] milliseconds in which it may be said more strongly before it is sent
   */
  judge(saying, rest = 0) {
    const assignment = this.assignment;
    if (this.busy || !assignment) return;
    const key = newKey();
    const body = { ...saying, seconds: this.stopwatch.seconds, key };
    this.#said.add({ assignment: assignment.id, view: assignment, key, saying });
    const next = this.#ahead.shift() ?? null;
    this.listener.said(saying);
    if (next) this.#show(next, "judged");
    else this.#isWaiting = true;
    const url = `${this.api}assignments/${assignment.id}/judgment/`;
    this.outbox.post({ url, campaign: this.campaign, assignment: assignment.id, body, at: Date.now() }, rest);
    this.listener.changed();
  }

  /**
   * Says more strongly what was said last, while it rests here; at the strongest it stays.
   *
   * @param {string} side that was said to be better
   * @returns {boolean} whether that was said, and still rests
   */
  strengthen(side) {
    const last = this.#said.last;
    if (!last?.key || !last.saying?.strength || last.saying.choice !== side) return false;
    const saying = { ...last.saying, strength: Math.min(STRONGEST, last.saying.strength + 1) };
    if (!this.outbox.amend(last.key, { strength: saying.strength })) return false;
    last.saying = saying;
    this.listener.said(saying);
    return true;
  }

  /** Takes the last judgment back and shows its pair again: at once, if it has not been sent yet. */
  async undo() {
    const last = this.#said.last;
    if (!last || this.#isWorking) return;
    if (last.key && last.view && this.outbox.takeBack(last.key)) {
      this.#said.pop();
      this.#isWaiting = false;
      this.#again(last.view, last);
      this.listener.changed();
      return;
    }
    await this.#work(async () => {
      await this.outbox.idle();
      if (!this.#said.has(last) || last.key) return; // it was refused, or is kept until somebody signs in
      const url = `${this.api}assignments/${last.assignment}/judgment/`;
      const answer = await this.outbox.untilAnswered(() => this.#inTurn(() => call("DELETE", url)));
      this.#said.pop();
      this.#again(answer.assignment, last, answer.held);
      this.#count(answer.progress);
    });
  }

  /** Asks for something to judge. */
  async lookForMore() {
    if (this.busy) return;
    await this.#work(async () => {
      const answer = await this.outbox.untilAnswered(() => this.#inTurn(() => this.#ask([])));
      this.#ahead = answer?.following ?? [];
      this.#show(answer?.assignment ?? null, "found");
      if (answer?.progress) this.#count(answer.progress);
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

  /** Asks what is held, for as long as it takes: the page came without the server. */
  async #catchUp() {
    try {
      const answer = await this.outbox.untilAnswered(() => this.#inTurn(() => this.#ask(this.#have())));
      if (answer) this.#settle(answer.held, [answer.assignment, ...answer.following]);
      if (answer?.progress) this.#count(answer.progress);
      this.listener.troubled(null);
      if (this.#isWaiting) this.#goOn();
    } catch (error) {
      await this.#explain(error, false);
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
    this.#said.deliver(letter);
    this.#settle(answer.held, [answer.next, ...answer.following]);
    this.listener.saved(letter.body);
    const isIdle = this.#isWaiting || !this.assignment;
    // What else is on its way may bring more.
    if (isIdle && (this.#ahead.length || (this.#isWaiting && this.onTheirWay === 1))) this.#goOn();
    this.#count(answer.progress); // after the next pair: what changes last says that it may be judged
    this.listener.changed();
  }

  /** @param {Progress} progress */
  #count(progress) {
    this.#progress = progress;
    this.listener.counted(progress);
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
    this.#said.drop(letter.body.key);
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
      if (answer?.progress) this.#count(answer.progress);
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
   * @param {import("./said.js").Done} done
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
    if (stale) this.#said.clear();
    if (stale && recovers) await this.lookForMore();
    this.listener.troubled({ kind: "refused", message: error.message });
  }
}
