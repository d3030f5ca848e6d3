// How strongly: by a modified key, or by the winner's key once more while the judgment still rests in the browser.

/** @typedef {import("../lib/judging_types.js").Saying} Saying */

/** Time for another press of the same key. Nobody reads the next pair and judges it in so little. */
export const AGAIN_MS = 600;

export class Strength {
  #side = "";
  #pressed = -Infinity;

  /**
   * @param {(saying: Saying, rest: number) => void} judge
   * @param {(side: string) => boolean} strengthen says more strongly what was said last; false: it is too late
   */
  constructor(judge, strengthen) {
    this.judge = judge;
    this.strengthen = strengthen;
  }

  /**
   * @param {"left" | "right"} side
   * @param {KeyboardEvent} event
   * @returns {(() => void) | null} what the key does
   */
  key(side, event) {
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
    const isAgain = side === this.#side && moment - this.#pressed < AGAIN_MS;
    this.#side = side;
    this.#pressed = moment;
    if (!(isAgain && this.strengthen(side))) this.judge({ choice: side, strength: 1 }, AGAIN_MS);
  }
}
