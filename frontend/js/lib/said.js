// What somebody said, newest last: what can be taken back. Some of it the server does not have yet.

/** @typedef {import("./judging_types.js").Assignment} Assignment */
/** @typedef {import("./judging_types.js").Saying} Saying */
/** @typedef {import("./outbox.js").Letter} Letter */
/**
 * @typedef {{ assignment: number, view: Assignment | null, key: string | null, saying: Saying | null }} Done
 *   what was judged; key: while the server does not have it yet
 */

const MOST_UNDOS = 50;

export class Said {
  /** @type {Done[]} */
  #all = [];

  /** @returns {Done | undefined} */
  get last() {
    return this.#all.at(-1);
  }

  /** @returns {Assignment[]} the pairs of what the server does not have yet */
  get unsent() {
    return this.#all.flatMap((one) => (one.key && one.view ? [one.view] : []));
  }

  /** @param {Done} done */
  has(done) {
    return this.#all.includes(done);
  }

  /** @param {Done} done */
  add(done) {
    this.#all = [...this.#all, done].slice(-MOST_UNDOS);
  }

  /** Takes the last one away. */
  pop() {
    this.#all.pop();
  }

  clear() {
    this.#all = [];
  }

  /** @param {string} key of what the server refused */
  drop(key) {
    this.#all = this.#all.filter((one) => one.key !== key);
  }

  /** @param {Letter} letter that the server has now */
  deliver(letter) {
    const done = this.#all.find((one) => one.key === letter.body.key);
    if (done) {
      done.key = null;
      return;
    }
    // From an earlier page: it was said before all that is still on its way.
    const next = this.#all.findIndex((one) => one.key !== null);
    const place = next < 0 ? this.#all.length : next;
    this.#all.splice(place, 0, { assignment: letter.assignment, view: null, key: null, saying: null });
  }

  /**
   * Takes up what an earlier page left undelivered.
   *
   * @param {Letter[]} letters oldest first
   * @param {Assignment[]} views of their pairs, as far as they were kept
   */
  takeUp(letters, views) {
    for (const { assignment, body } of letters) {
      const view = views.find((one) => one.id === assignment) ?? null;
      this.add({ assignment, view, key: body.key, saying: body });
    }
  }
}
