// The pairs that the annotator holds: the one on the page, and those that come after it, rendered ahead.

/** @typedef {import("./types.js").Assignment} Assignment */
/** @typedef {import("./types.js").Lease} Lease */

export class HeldPairs {
  /** @type {Assignment | null} the pair on the page */
  current = null;
  /** @type {Assignment[]} */
  #ahead = [];

  /** @returns {boolean} whether a pair is there to follow */
  get hasNext() {
    return this.#ahead.length > 0;
  }

  /** @returns {Assignment[]} the current one first */
  get all() {
    return this.current ? [this.current, ...this.#ahead] : this.#ahead;
  }

  /** @returns {Assignment | null} the pair that follows, which is no longer ahead */
  takeNext() {
    return this.#ahead.shift() ?? null;
  }

  /** @param {Assignment | null} assignment */
  show(assignment) {
    this.current = assignment;
    this.#ahead = this.#ahead.filter((pair) => pair.id !== assignment?.id);
  }

  /** Puts the current pair first among those ahead, to make room for one whose judgment was undone. */
  postponeCurrent() {
    if (this.current) this.#ahead.unshift(this.current);
    this.current = null;
  }

  /** @param {Assignment[]} pairs */
  replaceAhead(pairs) {
    this.#ahead = pairs;
  }

  /**
   * Brings what is ahead in line with what the server says is held.
   *
   * @param {Lease[]} leases in order
   * @param {(Assignment | null)[]} fresh those of them that were not here yet
   * @param {(id: number) => boolean} isJudged whether a pair was judged here and the server does not know yet
   */
  settle(leases, fresh, isJudged) {
    const byId = new Map([this.current, ...this.#ahead, ...fresh].flatMap((pair) => (pair ? [[pair.id, pair]] : [])));
    const held = leases.flatMap((lease) => {
      const pair = byId.get(lease.id);
      return pair ? [Object.assign(pair, lease)] : [];
    });
    this.#ahead = held.filter((pair) => pair !== this.current && !isJudged(pair.id));
  }
}
