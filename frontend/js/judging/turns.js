// Calls of the server, one after the other: each reply tells what is held after everything that was sent before it.

export class Turns {
  #last = Promise.resolve();

  /**
   * @template T
   * @param {() => Promise<T>} errand
   * @returns {Promise<T>} what the errand comes to, once all before it are over
   */
  take(errand) {
    const turn = this.#last.then(errand);
    this.#last = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }
}
