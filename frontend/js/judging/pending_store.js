// Where pending judgments survive the page: an entry for each, so that two tabs never overwrite each other's.

/** @typedef {import("./types.js").PendingJudgment} PendingJudgment */

export class PendingStore {
  /**
   * @param {string} owner whose judgments they are: another person at the same browser has others
   * @param {Storage} storage
   */
  constructor(owner, storage) {
    this.prefix = `outbox:${owner}:`;
    this.storage = storage;
  }

  /** @returns {PendingJudgment[]} what earlier pages left undelivered, oldest first; none where it cannot be read */
  read() {
    try {
      const names = Array.from({ length: this.storage.length }, (_, index) => this.storage.key(index) ?? "");
      return names
        .filter((name) => name.startsWith(this.prefix))
        .map((name) => /** @type {PendingJudgment} */ (JSON.parse(this.storage.getItem(name) ?? "null")))
        .filter(Boolean)
        .sort((first, second) => first.at - second.at);
    } catch {
      return [];
    }
  }

  /**
   * @param {string} key
   * @returns {boolean} whether it is still there; true where that cannot be read
   */
  has(key) {
    try {
      return this.storage.getItem(this.prefix + key) !== null;
    } catch {
      return true;
    }
  }

  /** @param {PendingJudgment} judgment */
  put(judgment) {
    try {
      this.storage.setItem(this.prefix + judgment.body.key, JSON.stringify(judgment));
    } catch {
      // A browser that keeps nothing: the judgment still lives as long as this page does.
    }
  }

  /** @param {PendingJudgment} judgment */
  remove(judgment) {
    try {
      this.storage.removeItem(this.prefix + judgment.body.key);
    } catch {
      // As above.
    }
  }
}
