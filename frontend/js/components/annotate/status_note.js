// A short note beside "Undo": what became of the last judgment, and how many are pending.

import { interpolate, ngettext } from "../../lib/translation.js";

const SHOWN_MS = 4000;

export class StatusNote {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #clearing;

  /**
   * @param {HTMLElement} note
   * @param {HTMLElement} pending
   */
  constructor(note, pending) {
    this.note = note;
    this.pending = pending;
  }

  /** @param {string} text */
  show(text) {
    this.note.textContent = text;
    clearTimeout(this.#clearing);
    this.#clearing = setTimeout(() => (this.note.textContent = ""), SHOWN_MS);
  }

  /**
   * Takes a sentence away before its time, if it still stands there.
   *
   * @param {string} text
   */
  clear(text) {
    if (this.note.textContent === text) this.note.textContent = "";
  }

  /** @param {number} count a single one is not worth a word: it is gone in a moment */
  showPending(count) {
    this.pending.hidden = count < 2;
    this.pending.textContent = interpolate(ngettext("%(count)s on its way", "%(count)s on their way", count), { count });
  }
}
