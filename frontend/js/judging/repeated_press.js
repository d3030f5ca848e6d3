// How strongly: by a modified key, or by the winner's key again while the judgment still rests in the browser.

/** @typedef {import("./types.js").JudgmentDraft} JudgmentDraft */
/**
 * @typedef {object} KeyPress what of a keyboard event matters here
 * @property {boolean} altKey
 * @property {boolean} shiftKey
 * @property {string} code
 * @property {number} timeStamp milliseconds
 */

/** Time for another press of the same key. Nobody reads the next pair and judges it in so little. */
export const AGAIN_MS = 600;

export class RepeatedPress {
  #side = "";
  #pressedAt = -Infinity;

  /**
   * @param {(draft: JudgmentDraft, rest: number) => void} judge
   * @param {(side: string) => boolean} strengthen makes the last judgment stronger; false: it is too late
   */
  constructor(judge, strengthen) {
    this.judge = judge;
    this.strengthen = strengthen;
  }

  /**
   * @param {"left" | "right"} side
   * @param {KeyPress} event
   * @returns {(() => void) | null} what the key does
   */
  action(side, event) {
    // Alt with an arrow is the browser's own "back".
    if (event.altKey && event.code.startsWith("Arrow")) return null;
    if (event.altKey) return () => this.judge({ choice: side, strength: 3 }, 0);
    if (event.shiftKey) return () => this.judge({ choice: side, strength: 2 }, 0);
    return () => this.#press(side, event.timeStamp);
  }

  /**
   * @param {string} side
   * @param {number} moment milliseconds
   */
  #press(side, moment) {
    const isAgain = side === this.#side && moment - this.#pressedAt < AGAIN_MS;
    this.#side = side;
    this.#pressedAt = moment;
    if (!(isAgain && this.strengthen(side))) this.judge({ choice: side, strength: 1 }, AGAIN_MS);
  }
}
