// An annotator's session without a page: everything that the page would be told, in order.

import { JudgingSession } from "../../../frontend/js/judging/session.js";
import { FakeClock, FakeServer, FakeStorage, FakeVisibility, settle } from "../fakes.js";

export const PLACE = { api: "/api/v1/", campaign: "sums", owner: "7", ahead: 2, undoSeconds: 600 };

export class Annotator {
  /** @type {(number | null)[]} ids of the pairs that were shown */
  shown = [];
  reasons = [];
  troubles = [];
  arrived = [];
  drafts = [];
  earlier = null;
  dropped = [];
  undoRefusals = [];

  constructor({ clock = new FakeClock(), storage = new FakeStorage(), server = new FakeServer(clock), place = {} } = {}) {
    this.clock = clock;
    this.storage = storage;
    this.server = server;
    this.network = new EventTarget();
    const visibility = new FakeVisibility();
    this.session = new JudgingSession({ ...PLACE, ...place }, this, { call: server.call, clock, storage, network: this.network, visibility });
  }

  /** Opens the page as the server writes it, with the first pair in it. */
  async start(lastJudged = null) {
    const [first] = this.server.open;
    this.session.start(first === undefined ? null : this.server.pair(first), lastJudged);
    await settle();
  }

  async judge(choice, rest = 0) {
    this.session.judge(rest ? { choice, strength: 1 } : { choice }, rest);
    await settle();
  }

  get trouble() {
    return this.troubles.at(-1) ?? null;
  }

  get choices() {
    return this.server.judgments.map((judgment) => judgment.choice);
  }

  showPair(pair, reason, earlier) {
    this.shown.push(pair?.id ?? null);
    this.reasons.push(reason);
    this.earlier = earlier;
  }

  showProgress(progress) {
    this.progress = progress;
  }

  drafted(draft) {
    this.drafts.push(draft);
  }

  refused(judgment) {
    this.dropped.push(judgment.body);
  }

  undoRefused(refusal) {
    this.undoRefusals.push(refusal);
  }

  saved(draft) {
    this.arrived.push(draft.choice);
  }

  showTrouble(trouble) {
    this.troubles.push(trouble);
  }

  changed() {}
}
