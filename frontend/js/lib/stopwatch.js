// Time in front of the annotator: the clock stands still while the tab is hidden.

export class Stopwatch {
  #elapsed = 0;
  /** @type {number | null} */
  #since = null;

  constructor() {
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#halt() : this.#go()));
  }

  /** Starts from zero. */
  restart() {
    this.#elapsed = 0;
    this.#since = null;
    if (!document.hidden) this.#go();
  }

  /** @returns {number} seconds since the start with the tab visible */
  get seconds() {
    const running = this.#since === null ? 0 : performance.now() - this.#since;
    return Math.round(this.#elapsed + running) / 1000;
  }

  #go() {
    this.#since ??= performance.now();
  }

  #halt() {
    if (this.#since === null) return;
    this.#elapsed += performance.now() - this.#since;
    this.#since = null;
  }
}
