// The annotator's session: what a page calls to show pairs, judge them and undo judgments. Knows the API, not the page.
//
// The next pairs are held and rendered ahead, so that a judgment shows the next one at once; the judgment itself goes
// through the outbox, in order.

import { Refused, call as callApi } from "../lib/api.js";
import { systemClock } from "../lib/clock.js";
import { JudgingApi } from "./judging_api.js";
import { newJudgmentKey } from "./judgment_key.js";
import { LeaseKeeper } from "./lease.js";
import { Outbox } from "./outbox.js";
import { Replies } from "./replies.js";
import { Stopwatch } from "./stopwatch.js";
import { Turns } from "./turns.js";
import { Workspace } from "./workspace.js";

/** @typedef {import("./types.js").Assignment} Assignment */
/** @typedef {import("./types.js").JudgmentDraft} JudgmentDraft */
/** @typedef {import("./types.js").SessionState} SessionState */
/**
 * @typedef {object} Surroundings what a page has by itself, and what a test passes instead
 * @property {typeof callApi} [call]
 * @property {Storage} [storage]
 * @property {import("../lib/clock.js").Clock} [clock]
 * @property {EventTarget} [network] says "online"
 * @property {import("./types.js").Visibility} [visibility]
 */

const STRONGEST = 3;

export class JudgingSession {
  /** Whether the server is asked for what the page waits for: an undo, or another pair. */
  #isWorking = false;
  /** Whether the page said during the present errand that the server does not answer. */
  #isOffline = false;
  /** @type {Replies} */
  replies;
  #turns = new Turns();

  /**
   * @param {{ api: string, campaign: string, owner: string, ahead: number, undoSeconds: number }} place where the API
   *   starts, with the slash; the campaign's slug; who judges; how many pairs are held ahead; how long a judgment can be
   *   undone
   * @param {import("./types.js").SessionListener} listener
   * @param {Surroundings} [surroundings]
   */
  constructor({ api, campaign, owner, ahead, undoSeconds }, listener, { call = callApi, clock = systemClock, storage, network, visibility } = {}) {
    this.listener = listener;
    this.clock = clock;
    this.undoSeconds = undoSeconds;
    this.api = new JudgingApi({ api, campaign, ahead }, call);
    this.stopwatch = new Stopwatch(visibility);
    this.outbox = new Outbox({
      owner,
      deliver: (judgment) => this.#turns.take(() => this.replies.deliver(judgment)),
      onGone: (judgment) => this.#turns.take(() => this.replies.dropGone(judgment)),
      onTrouble: (seconds) => {
        this.#isOffline = true;
        listener.showTrouble({ kind: "offline", seconds });
      },
      onDelivered: () => listener.changed(),
      storage,
      clock,
      network,
    });
    const lease = new LeaseKeeper({ api, call, clock, visibility });
    this.workspace = new Workspace({ campaign, listener, lease, stopwatch: this.stopwatch, outbox: this.outbox });
    this.replies = new Replies(this.workspace, this.api);
  }

  /** @returns {Assignment | null} the pair on the page */
  get assignment() {
    return this.workspace.pair;
  }

  /** @returns {boolean} whether the page has to wait for the server */
  get isBusy() {
    return this.workspace.isWaiting || this.#isWorking;
  }

  /** @returns {boolean} */
  get canUndo() {
    return this.workspace.history.last !== undefined && !this.#isWorking && !this.undoRefusal;
  }

  /** @returns {import("./types.js").UndoRefusal | null} why the server would refuse to undo the last judgment */
  get undoRefusal() {
    const { last } = this.workspace.history;
    if (!last || (last.key && this.outbox.isUnsent(last.key))) return null;
    if (this.undoSeconds === 0) return "never";
    const isLate = last.deliveredAt && this.clock.now() > last.deliveredAt + 1000 * this.undoSeconds;
    return isLate ? "late" : null;
  }

  /** @returns {number} judgments that the server does not have yet */
  get pendingCount() {
    return this.outbox.pending.length;
  }

  /** @returns {SessionState} */
  get state() {
    return this.workspace.state;
  }

  /**
   * Begins with what the server put into the page, delivers first what an earlier page could not, and fetches what
   * follows.
   *
   * @param {Assignment | null} assignment
   * @param {number | null} lastJudged assignment that can be undone
   */
  start(assignment, lastJudged) {
    const { workspace } = this;
    if (lastJudged) workspace.history.add({ assignment: lastJudged, pair: null, key: null, draft: null });
    // A judgment that an earlier page left undelivered may concern the very pair that the server shows again.
    workspace.isWaiting = assignment !== null && workspace.isJudged(assignment.id);
    workspace.begin(workspace.isWaiting ? null : assignment);
    this.listener.changed();
    if (!this.outbox.isEmpty) void this.outbox.send();
    else if (assignment && this.api.ahead > 0) void this.#fetchAhead();
  }

  /**
   * Goes on with what an earlier page held, in a page that came without the server.
   *
   * @param {SessionState} state
   */
  resume({ pairs, progress }) {
    const { workspace } = this;
    const pending = this.outbox.pending.filter((judgment) => judgment.campaign === this.api.campaign);
    workspace.history.restore(pending, pairs);
    if (progress) workspace.showProgress(progress);
    const [next = null, ...ahead] = pairs.filter((pair) => !workspace.isJudged(pair.id));
    workspace.held.replaceAhead(ahead);
    workspace.isWaiting = next === null;
    if (next) workspace.show(next, "found");
    this.listener.changed();
    void this.outbox.send();
    if (pending.length === 0) void this.#catchUp();
  }

  /**
   * Judges the pair on the page, and shows the next one at once if it is here.
   *
   * @param {JudgmentDraft} draft
   * @param {number} [rest] milliseconds in which it can be made stronger before it is sent
   */
  judge(draft, rest = 0) {
    const { workspace } = this;
    const pair = this.assignment;
    if (this.isBusy || !pair) return;
    const key = newJudgmentKey();
    const body = { ...draft, seconds: this.stopwatch.seconds, key };
    workspace.history.add({ assignment: pair.id, pair, key, draft });
    const next = workspace.held.takeNext();
    this.listener.drafted(draft);
    if (next) workspace.show(next, "judged");
    else workspace.isWaiting = true;
    const url = this.api.judgmentUrl(pair.id);
    this.outbox.add({ url, campaign: this.api.campaign, assignment: pair.id, body, at: this.clock.now() }, rest);
    this.listener.changed();
  }

  /**
   * Makes the last judgment stronger while it rests here; the strongest stays as it is.
   *
   * @param {string} side that it says is better
   * @returns {boolean} whether the last judgment was for that side, and still rests
   */
  strengthen(side) {
    const { last } = this.workspace.history;
    if (!last?.key || !last.draft?.strength || last.draft.choice !== side) return false;
    const draft = { ...last.draft, strength: Math.min(STRONGEST, last.draft.strength + 1) };
    if (!this.outbox.amend(last.key, { strength: draft.strength })) return false;
    last.draft = draft;
    this.listener.drafted(draft);
    return true;
  }

  /** Undoes the last judgment and shows its pair again: at once, if it has not been sent yet. */
  async undo() {
    const { workspace } = this;
    const { last } = workspace.history;
    if (!last || this.#isWorking) return;
    const refusal = this.undoRefusal;
    if (refusal) return this.listener.undoRefused(refusal);
    if (last.key && last.pair && this.outbox.withdraw(last.key)) {
      workspace.history.removeLast();
      workspace.isWaiting = false;
      workspace.showAgain(last.pair, last);
      this.listener.changed();
      return;
    }
    await this.#work(async () => {
      await this.outbox.idle();
      if (!workspace.history.has(last) || last.key) return; // it was refused, or is kept until somebody signs in
      const undone = await this.#untilAnswered(() => this.api.undo(last.assignment));
      workspace.history.removeLast();
      workspace.showAgain(undone.assignment, last, undone.held);
      workspace.showProgress(undone.progress);
    });
  }

  /**
   * Asks for something to judge.
   *
   * @param {{ isQuiet?: boolean }} [how] isQuiet: nobody asked for it, so where nothing is found the page stays as it is,
   *   with the focus and a notice that is still to be read
   */
  async lookForMore({ isQuiet = false } = {}) {
    if (this.isBusy) return;
    await this.#work(async () => {
      const next = await this.#untilAnswered(() => this.api.next([]));
      const found = next?.assignment ?? null;
      const says = !isQuiet || found !== null || this.assignment !== null;
      this.workspace.held.replaceAhead(next?.following ?? []);
      if (says) this.workspace.show(found, "found");
      if (next?.progress) this.workspace.showProgress(next.progress);
      return says;
    }, false);
  }

  /** Tries again now: what could not be sent, or waits for somebody to sign in. */
  retryNow() {
    this.outbox.retryNow();
  }

  /** Fills up what is held ahead. Nobody waits for it: where it fails, the next judgment says what is wrong. */
  async #fetchAhead() {
    try {
      await this.#turns.take(() => this.replies.fetchAhead());
    } catch {
      return;
    }
    if (this.workspace.isWaiting && this.workspace.held.hasNext) this.workspace.advance();
    this.listener.changed();
  }

  /** Asks what is held, for as long as it takes: the page came without the server. */
  async #catchUp() {
    const { workspace } = this;
    try {
      const next = await this.#untilAnswered(() => this.replies.fetchAhead());
      if (next?.progress) workspace.showProgress(next.progress);
      this.listener.showTrouble(null);
      if (workspace.isWaiting) workspace.advance();
    } catch (error) {
      await this.#explain(error, false);
    }
    this.listener.changed();
  }

  /**
   * @template T
   * @param {() => Promise<T>} errand
   */
  #untilAnswered(errand) {
    return this.outbox.untilAnswered(() => this.#turns.take(errand));
  }

  /**
   * Runs an errand that the page waits for, and says how it went.
   *
   * @param {() => Promise<boolean | void>} errand resolves to false where a notice on the page is still to be read
   * @param {boolean} [recovers] whether to ask for another pair when this one turns out to be stale
   */
  async #work(errand, recovers = true) {
    this.#isWorking = true;
    this.#isOffline = false;
    this.listener.changed();
    /** @type {unknown} */
    let problem = null;
    try {
      const isOver = await errand();
      if (isOver !== false || this.#isOffline) this.listener.showTrouble(null);
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
    if (error.waitsFor) return this.listener.showTrouble({ kind: error.waitsFor });
    // The pair is somebody else's by now, or the judgment can no longer be undone: what is held may be stale.
    const isStale = error.status === 404 || error.status === 409;
    if (isStale) this.workspace.history.clear();
    if (isStale && recovers) await this.#work(() => this.#turns.take(() => this.replies.replaceHeld()), false);
    this.listener.showTrouble({ kind: "refused", message: error.message });
  }
}
