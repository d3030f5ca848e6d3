// The annotator's work: the pair on the page, the pairs that follow, earlier judgments and progress.
// Every change of the pair goes through here, so that its lease, its stopwatch and the page change with it.

import { HeldPairs } from "./held_pairs.js";
import { JudgmentHistory } from "./history.js";

/** @typedef {import("./types.js").Assignment} Assignment */
/** @typedef {import("./types.js").JudgmentDraft} JudgmentDraft */
/** @typedef {import("./types.js").Progress} Progress */

const MOST_NAMED = 100;

export class Workspace {
  held = new HeldPairs();
  history = new JudgmentHistory();
  /** Whether the pair after the one judged last has to come from the server first. */
  isWaiting = false;
  /** @type {Progress | null} */
  #progress = null;

  /**
   * @param {object} wiring
   * @param {string} wiring.campaign
   * @param {import("./types.js").SessionListener} wiring.listener
   * @param {import("./lease.js").LeaseKeeper} wiring.lease
   * @param {import("./stopwatch.js").Stopwatch} wiring.stopwatch
   * @param {import("./outbox.js").Outbox} wiring.outbox
   */
  constructor({ campaign, listener, lease, stopwatch, outbox }) {
    this.campaign = campaign;
    this.listener = listener;
    this.lease = lease;
    this.stopwatch = stopwatch;
    this.outbox = outbox;
  }

  /** @returns {Assignment | null} the pair on the page */
  get pair() {
    return this.held.current;
  }

  /** @returns {import("./types.js").SessionState} */
  get state() {
    return { pairs: [...this.history.undeliveredPairs, ...this.held.all], progress: this.#progress };
  }

  /** @returns {number[]} the pairs that need not be sent again, as many as the server takes */
  get have() {
    const pending = this.outbox.pending.filter((judgment) => judgment.campaign === this.campaign);
    return [...pending.map((judgment) => judgment.assignment), ...this.held.all.map((pair) => pair.id)].slice(0, MOST_NAMED);
  }

  /**
   * @param {number} id
   * @returns {boolean} whether the pair was judged here and the server does not know yet
   */
  isJudged(id) {
    return this.outbox.pending.some((judgment) => judgment.assignment === id);
  }

  /**
   * Begins with the pair that is on the page already.
   *
   * @param {Assignment | null} pair
   */
  begin(pair) {
    this.held.show(pair);
    this.lease.keep(pair);
    this.stopwatch.restart();
  }

  /**
   * @param {Assignment | null} pair
   * @param {import("./types.js").ShowReason} reason
   * @param {JudgmentDraft | null} [earlier]
   */
  show(pair, reason, earlier = null) {
    this.begin(pair);
    this.listener.showPair(pair, reason, earlier);
  }

  /** Shows the next pair, or that there is none, to somebody who was waiting for it. */
  advance() {
    this.isWaiting = false;
    this.show(this.held.takeNext(), "judged");
  }

  /**
   * Shows a pair whose judgment was undone; the one on the page comes after it.
   *
   * @param {Assignment} pair
   * @param {import("./history.js").Entry} entry
   * @param {import("./types.js").Lease[]} [leases] as the server has them
   */
  showAgain(pair, entry, leases) {
    if (this.pair?.id === pair.id) this.held.show(null);
    else this.held.postponeCurrent();
    if (leases) this.settle(leases, []);
    this.show(pair, "undone", entry.draft);
  }

  /**
   * Brings what is held in line with what the server says.
   *
   * @param {import("./types.js").Lease[]} leases
   * @param {(Assignment | null)[]} fresh
   */
  settle(leases, fresh) {
    this.held.settle(leases, fresh, (id) => this.isJudged(id));
  }

  /** @param {Progress} progress */
  showProgress(progress) {
    this.#progress = progress;
    this.listener.showProgress(progress);
  }
}
