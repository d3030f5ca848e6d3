// How long a pair has been on the page: the clock stands still while the tab is hidden.

export class Stopwatch {
  #elapsed = 0;
  /** @type {number | null} */
  #since = null;

  /**
   * @param {import("./types.js").Visibility} [visibility]
   * @param {() => number} [now] milliseconds that never go back
   */
  constructor(visibility = document, now = () => performance.now()) {
    this.visibility = visibility;
    this.now = now;
    visibility.addEventListener("visibilitychange", () => (visibility.hidden ? this.#halt() : this.#go()));
  }

  /** Starts from zero. */
  restart() {
    this.#elapsed = 0;
    this.#since = null;
    if (!this.visibility.hidden) this.#go();
  }

  /** @returns {number} seconds since the start with the tab visible */
  get seconds() {
    const running = this.#since === null ? 0 : this.now() - this.#since;
    return Math.round(this.#elapsed + running) / 1000;
  }

  #go() {
    this.#since ??= this.now();
  }

  #halt() {
    if (this.#since === null) return;
    this.#elapsed += this.now() - this.#since;
    this.#since = null;
  }
}
