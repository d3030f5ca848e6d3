// The dialog in which somebody improves the better completion; saving it is the judgment.

import { all, one } from "../../lib/dom.js";

/** @typedef {import("../../judging/types.js").Assignment} Assignment */
/** @typedef {import("../../judging/types.js").JudgmentDraft} JudgmentDraft */

export class EditDialog {
  /** @type {Assignment | null} the pair that the text is about */
  #pair = null;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {(draft: JudgmentDraft) => void} judge
   */
  constructor(dialog, judge) {
    this.dialog = dialog;
    this.field = one("textarea", HTMLTextAreaElement, dialog);
    this.problem = one("[data-edit-problem]", HTMLElement, dialog);
    this.sides = all("input[name=better]", HTMLInputElement, dialog);
    for (const input of this.sides) input.addEventListener("change", () => this.#fillFromSide());
    one("[data-edit]", HTMLFormElement, dialog).addEventListener("submit", (event) => {
      const side = this.#side;
      const text = this.field.value;
      const isUnchanged = !side || this.#originals.includes(text.trim());
      this.problem.hidden = !isUnchanged;
      if (isUnchanged) event.preventDefault();
      else judge({ choice: side, edit: text });
    });
  }

  /**
   * @param {Assignment} pair on the page
   * @param {JudgmentDraft | null} [earlier] the judgment of it that was undone
   */
  prepare(pair, earlier) {
    this.#pair = pair;
    this.problem.hidden = true;
    for (const input of this.sides) input.checked = earlier?.edit !== undefined && input.value === earlier.choice;
    this.field.value = earlier?.edit ?? "";
  }

  /** @param {Assignment | null} pair on the page */
  open(pair) {
    if (!pair) return;
    if (this.#pair?.id !== pair.id) this.prepare(pair);
    this.dialog.showModal();
  }

  get #side() {
    return /** @type {"left" | "right" | undefined} */ (this.sides.find((input) => input.checked)?.value);
  }

  get #originals() {
    return this.#pair ? [this.#pair.left.text.trim(), this.#pair.right.text.trim()] : [];
  }

  /** Puts the text of the picked side into the field, unless something was written already. */
  #fillFromSide() {
    const side = this.#side;
    if (!side || !this.#pair) return;
    const isTouched = this.field.value.trim() && !this.#originals.includes(this.field.value.trim());
    if (!isTouched) this.field.value = this.#pair[side].text;
  }
}
