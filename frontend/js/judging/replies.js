// Applies the server's replies to the workspace: pairs that follow, judgments that were saved or refused.

import { Refused } from "../lib/api.js";
import { gettext } from "../lib/translation.js";

/** @typedef {import("./types.js").PendingJudgment} PendingJudgment */

export class Replies {
  /**
   * @param {import("./workspace.js").Workspace} workspace
   * @param {import("./judging_api.js").JudgingApi} api
   */
  constructor(workspace, api) {
    this.workspace = workspace;
    this.api = api;
    this.listener = workspace.listener;
  }

  /**
   * Sends one judgment, as the outbox asks for it.
   *
   * @param {PendingJudgment} judgment
   * @throws {Refused} where the reader has to do something first, such as sign in
   * @throws {import("../lib/api.js").Unreachable}
   */
  async deliver(judgment) {
    const { workspace, listener } = this;
    let judged;
    try {
      judged = await this.api.judge(judgment, workspace.have);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return this.#refuse(error, judgment);
    }
    listener.showTrouble(null);
    if (judgment.campaign !== this.api.campaign) return;
    workspace.history.markDelivered(judgment, workspace.outbox.clock.now());
    workspace.settle(judged.held, [judged.next, ...judged.following]);
    listener.saved(judgment.body);
    const isIdle = workspace.isWaiting || !workspace.pair;
    // Another pending judgment may still bring pairs.
    if (isIdle && (workspace.held.hasNext || (workspace.isWaiting && this.#isLastPending))) workspace.advance();
    workspace.showProgress(judged.progress); // after the next pair: what changes last says that it may be judged
    listener.changed();
  }

  /** Asks for the pairs that follow. */
  async fetchAhead() {
    const { workspace } = this;
    const next = await this.api.next(workspace.have);
    if (next) workspace.settle(next.held, [next.assignment, ...next.following]);
    return next;
  }

  get #isLastPending() {
    return this.workspace.outbox.pending.length === 1;
  }

  /**
   * The server refused a judgment. It is dropped, unless it goes through once the reader has signed in, say.
   *
   * @param {Refused} error
   * @param {PendingJudgment} judgment
   */
  async #refuse(error, judgment) {
    const { listener } = this;
    if (error.waitsFor) {
      listener.showTrouble({ kind: error.waitsFor });
      listener.changed();
      throw error;
    }
    listener.refused(judgment);
    await this.drop(judgment);
    listener.showTrouble(troubleOf(error));
    listener.changed();
  }

  /**
   * A judgment is not sent any more.
   *
   * @param {PendingJudgment} judgment
   */
  async drop(judgment) {
    const { workspace } = this;
    workspace.history.remove(judgment.body.key);
    // Nothing else is pending: what is held may be stale, so the server is asked for it again.
    if (judgment.campaign === this.api.campaign && this.#isLastPending) await this.replaceHeld();
  }

  /**
   * Another tab has delivered or undone a judgment: with it goes a notice about it.
   *
   * @param {PendingJudgment} judgment
   */
  async dropGone(judgment) {
    await this.drop(judgment);
    this.listener.showTrouble(null);
    this.listener.changed();
  }

  /** Asks again what is held. The pair on the page stays as it is, with its answers, if it still is. */
  async replaceHeld() {
    const { workspace } = this;
    const current = workspace.isWaiting ? undefined : workspace.pair?.id;
    try {
      const next = await this.api.next([]);
      const pairs = next ? [next.assignment, ...next.following].filter((pair) => pair !== null) : [];
      const ahead = pairs.filter((pair) => pair.id !== current);
      workspace.held.replaceAhead(ahead);
      if (pairs.length === ahead.length) workspace.advance();
      if (next?.progress) workspace.showProgress(next.progress);
    } catch (error) {
      if (error instanceof Refused) workspace.held.replaceAhead([]);
      if (error instanceof Refused || workspace.isWaiting) workspace.advance();
    }
  }
}

/**
 * @param {Refused} error
 * @returns {import("./types.js").Trouble}
 */
function troubleOf(error) {
  if (!error.type.endsWith("/invalid-judgment")) return { kind: "refused", message: error.message };
  const advice = gettext("The campaign's rules may have changed: load the page again.");
  return { kind: "refused", message: `${error.message} ${advice}`, isStale: true };
}
