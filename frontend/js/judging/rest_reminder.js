// When a break is due: judgments get worse long before people notice.

const STRETCH_MS = 30 * 60_000;
const BREAK_MS = 5 * 60_000;
const BETWEEN_REMINDERS_MS = 15 * 60_000;
const NAME = "stretch";

/**
 * @typedef {object} Stretch of work without a break; all times in milliseconds since 1970
 * @property {number} start
 * @property {number} last judgment
 * @property {number} reminded 0: not yet
 */

export class RestReminder {
  /**
   * @param {Storage} [storage] keeps the stretch when the page is loaded again
   * @param {() => number} [now]
   */
  constructor(storage = sessionStorage, now = Date.now) {
    this.storage = storage;
    this.now = now;
  }

  /**
   * Counts a judgment made now.
   *
   * @returns {number | null} minutes without a break, when one should be suggested
   */
  minutesAtWork() {
    const now = this.now();
    const stretch = this.#read();
    if (now - stretch.last > BREAK_MS) Object.assign(stretch, { start: now, reminded: 0 });
    stretch.last = now;
    const isDue = now - stretch.start >= STRETCH_MS && now - stretch.reminded >= BETWEEN_REMINDERS_MS;
    if (isDue) stretch.reminded = now;
    this.#write(stretch);
    return isDue ? Math.round((now - stretch.start) / 60_000) : null;
  }

  /** @returns {Stretch} */
  #read() {
    try {
      return { start: 0, last: 0, reminded: 0, ...JSON.parse(this.storage.getItem(NAME) ?? "{}") };
    } catch {
      return { start: 0, last: 0, reminded: 0 };
    }
  }

  /** @param {Stretch} stretch */
  #write(stretch) {
    try {
      this.storage.setItem(NAME, JSON.stringify(stretch));
    } catch {
      // A browser that keeps nothing reminds nobody.
    }
  }
}
