// The comment that goes with a judgment, folded away until it is wanted.

import { one } from "../../lib/dom.js";

export class CommentBox {
  /**
   * @param {HTMLDetailsElement} box
   * @param {() => void} leave called for Escape: back to the keys
   */
  constructor(box, leave) {
    this.box = box;
    this.field = one("textarea", HTMLTextAreaElement, box);
    this.field.addEventListener("keydown", (event) => event.key === "Escape" && leave());
    one("summary", HTMLElement, box).addEventListener("click", (event) => {
      if (box.open) return;
      event.preventDefault();
      this.open();
    });
    this.field.addEventListener("focus", () => this.#bringIntoView());
    // The keyboard of a phone opens: the field moves above it.
    visualViewport?.addEventListener("resize", () => document.activeElement === this.field && this.#bringIntoView());
  }

  /** @returns {string | undefined} undefined: no comment */
  get text() {
    return this.field.value.trim() ? this.field.value : undefined;
  }

  /** @param {string} text */
  fill(text) {
    this.field.value = text;
    this.box.open = Boolean(text);
  }

  /** Opens the box with the field in view, above the bar of choices. */
  open() {
    this.box.open = true;
    this.field.focus({ preventScroll: true });
  }

  #bringIntoView() {
    this.box.scrollIntoView({ block: "nearest" });
  }
}
