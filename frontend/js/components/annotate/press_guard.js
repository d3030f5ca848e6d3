// A moment after each judgment in which nothing is judged.
//
// Long enough that the second half of a double press is not taken for a judgment of the next pair, which nobody has read
// yet; too short to be noticed.

const DOUBLE_PRESS_MS = 200;

export class PressGuard {
  isClosed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #opening;
  /** @type {(() => void) | null} */
  #afterwards = null;

  /** @param {() => void} onOpen */
  constructor(onOpen) {
    this.onOpen = onOpen;
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.#opening);
    this.#opening = setTimeout(() => {
      this.isClosed = false;
      this.onOpen();
      this.#afterwards?.();
      this.#afterwards = null;
    }, DOUBLE_PRESS_MS);
  }

  /**
   * Acts now, or when the moment is over; of several acts the last one counts.
   *
   * @param {() => void} act
   */
  whenOpen(act) {
    if (this.isClosed) this.#afterwards = act;
    else act();
  }
}
