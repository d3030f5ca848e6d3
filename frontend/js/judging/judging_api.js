// The calls with which an annotator judges in one campaign. `have`: the pairs that need not be sent again.

/** @typedef {import("./types.js").Assignment} Assignment */
/** @typedef {import("./types.js").Lease} Lease */
/** @typedef {import("./types.js").PendingJudgment} PendingJudgment */
/** @typedef {import("./types.js").Progress} Progress */
/** @typedef {{ assignment: Assignment | null, following: Assignment[], held: Lease[], progress: Progress }} Next */
/** @typedef {{ next: Assignment | null, following: Assignment[], held: Lease[], progress: Progress }} Judged */
/** @typedef {{ assignment: Assignment, held: Lease[], progress: Progress }} Undone */

export class JudgingApi {
  /**
   * @param {{ api: string, campaign: string, ahead: number }} place where the API starts, with the slash; the campaign's
   *   slug; how many pairs are held ahead
   * @param {typeof import("../lib/api.js").call} call
   */
  constructor({ api, campaign, ahead }, call) {
    this.api = api;
    this.campaign = campaign;
    this.ahead = ahead;
    this.call = call;
  }

  /** @param {number} assignment */
  judgmentUrl(assignment) {
    return `${this.api}assignments/${assignment}/judgment/`;
  }

  /**
   * Asks for a pair to judge, and for those after it.
   *
   * @param {number[]} have
   * @returns {Promise<Next | null>} null: there is none
   */
  next(have) {
    return this.call("POST", `${this.api}campaigns/${this.campaign}/assignments/next/`, { ahead: this.ahead, have });
  }

  /**
   * @param {PendingJudgment} judgment of this campaign, or of another that an earlier page was about
   * @param {number[]} have
   * @returns {Promise<Judged>}
   */
  judge(judgment, have) {
    const wish = judgment.campaign === this.campaign ? { ahead: this.ahead, have } : {};
    return this.call("POST", judgment.url, { ...judgment.body, ...wish });
  }

  /**
   * @param {number} assignment
   * @returns {Promise<Undone>}
   */
  undo(assignment) {
    return this.call("DELETE", this.judgmentUrl(assignment));
  }
}
