// The dialog in which somebody improves the better completion; saving it is the judgment.

import { all, maybe, one } from "../lib/dom.js";

/** @typedef {import("../lib/judging_types.js").Assignment} Assignment */
/** @typedef {import("../lib/judging_types.js").Saying} Saying */

export class Edit {
  /** @type {Assignment | null} the pair that the text is about */
  #about = null;

  /** @param {(saying: Saying) => void} judge */
  constructor(judge) {
    this.dialog = maybe("dialog#edit", HTMLDialogElement);
    if (!this.dialog) return; // the campaign takes none
    const dialog = this.dialog;
    this.text = one("textarea", HTMLTextAreaElement, dialog);
    this.problem = one("[data-edit-problem]", HTMLElement, dialog);
    this.sides = all("input[name=better]", HTMLInputElement, dialog);
    for (const input of this.sides) input.addEventListener("change", () => this.#fill());
    one("[data-edit]", HTMLFormElement, dialog).addEventListener("submit", (event) => {
      const side = this.#side;
      const text = this.text?.value ?? "";
      const isSame = !side || this.#originals.includes(text.trim());
      if (this.problem) this.problem.hidden = !isSame;
      if (isSame) event.preventDefault();
      else judge({ choice: side, edit: text });
    });
  }

  /**
   * @param {Assignment} assignment what is in front of the annotator
   * @param {Saying | null} [earlier] what had been said of it before an undo
   */
  about(assignment, earlier) {
    if (!this.dialog || !this.text || !this.problem) return;
    this.#about = assignment;
    this.problem.hidden = true;
    for (const input of this.sides ?? []) input.checked = earlier?.edit !== undefined && input.value === earlier.choice;
    this.text.value = earlier?.edit ?? "";
  }

  /** @param {Assignment | null} assignment */
  open(assignment) {
    if (!this.dialog || !assignment) return;
    if (this.#about?.id !== assignment.id) this.about(assignment);
    this.dialog.showModal();
  }

  get #side() {
    return /** @type {"left" | "right" | undefined} */ (this.sides?.find((input) => input.checked)?.value);
  }

  get #originals() {
    return this.#about ? [this.#about.left.text.trim(), this.#about.right.text.trim()] : [];
  }

  /** The text of the side that was picked, unless something was written already. */
  #fill() {
    const side = this.#side;
    if (!this.text || !side || !this.#about) return;
    const isTouched = this.text.value.trim() && !this.#originals.includes(this.text.value.trim());
    if (!isTouched) this.text.value = this.#about[side].text;
  }
}
