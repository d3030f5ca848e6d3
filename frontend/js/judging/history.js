// The judgments that were made on this page, newest last: what can be undone. The server does not have all of them yet.

/** @typedef {import("./types.js").Assignment} Assignment */
/** @typedef {import("./types.js").JudgmentDraft} JudgmentDraft */
/** @typedef {import("./types.js").PendingJudgment} PendingJudgment */
/**
 * @typedef {object} Entry
 * @property {number} assignment
 * @property {Assignment | null} pair null: an earlier page showed it
 * @property {string | null} key of the judgment while the server does not have it; null: delivered
 * @property {JudgmentDraft | null} draft null: an earlier page made it
 * @property {number} [deliveredAt] milliseconds since 1970: of the first judgment of its assignment
 */

const MOST_UNDOS = 50;

export class JudgmentHistory {
  /** @type {Entry[]} */
  #entries = [];
  /** @type {Map<number, number>} when the server got the first judgment of an assignment: the time to undo counts from it */
  #firstDelivered = new Map();

  /** @returns {Entry | undefined} */
  get last() {
    return this.#entries.at(-1);
  }

  /** @returns {Assignment[]} the pairs whose judgments the server does not have yet */
  get undeliveredPairs() {
    return this.#entries.flatMap((entry) => (entry.key && entry.pair ? [entry.pair] : []));
  }

  /** @param {Entry} entry */
  has(entry) {
    return this.#entries.includes(entry);
  }

  /** @param {Entry} entry */
  add(entry) {
    this.#entries = [...this.#entries, entry].slice(-MOST_UNDOS);
  }

  removeLast() {
    this.#entries.pop();
  }

  clear() {
    this.#entries = [];
  }

  /** @param {string} key of a judgment that the server refused */
  remove(key) {
    this.#entries = this.#entries.filter((entry) => entry.key !== key);
  }

  /**
   * @param {PendingJudgment} judgment that the server has now
   * @param {number} deliveredAt milliseconds since 1970
   */
  markDelivered(judgment, deliveredAt) {
    const first = this.#firstDelivered.get(judgment.assignment) ?? deliveredAt;
    this.#firstDelivered.set(judgment.assignment, first);
    const entry = this.#entries.find((each) => each.key === judgment.body.key);
    if (entry) {
      entry.key = null;
      entry.deliveredAt = first;
      return;
    }
    // An earlier page made it, before everything that is still pending.
    const next = this.#entries.findIndex((each) => each.key !== null);
    const place = next < 0 ? this.#entries.length : next;
    const { assignment, body } = judgment;
    this.#entries.splice(place, 0, { assignment, pair: null, key: null, draft: body, deliveredAt: first });
  }

  /**
   * Adds what an earlier page left undelivered.
   *
   * @param {PendingJudgment[]} judgments oldest first
   * @param {Assignment[]} pairs of them, as far as they were kept
   */
  restore(judgments, pairs) {
    for (const { assignment, body } of judgments) {
      const pair = pairs.find((each) => each.id === assignment) ?? null;
      this.add({ assignment, pair, key: body.key, draft: body });
    }
  }
}
