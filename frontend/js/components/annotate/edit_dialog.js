// The dialog in which somebody improves the better completion; saving it is the judgment.

import { all, one } from "../../lib/dom.js";
import { gettext, interpolate } from "../../lib/translation.js";
import { Conversation } from "./conversation.js";

/** @typedef {import("../../judging/types.js").Assignment} Assignment */
/** @typedef {import("../../judging/types.js").JudgmentDraft} JudgmentDraft */

const SIDES = /** @type {const} */ (["left", "right"]);

export class EditDialog {
  /** @type {Assignment | null} the pair that the text is about */
  #pair = null;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {(draft: JudgmentDraft) => void} judge
   * @param {() => string | null} missing marks and names a required criterion without an answer
   */
  constructor(dialog, judge, missing) {
    this.dialog = dialog;
    this.missing = missing;
    this.field = one("textarea", HTMLTextAreaElement, dialog);
    this.problem = one("[data-edit-problem]", HTMLElement, dialog);
    this.sides = all("input[name=better]", HTMLInputElement, dialog);
    this.strengths = all("input[name=strength]", HTMLInputElement, dialog);
    this.prompt = new Conversation(one("[data-edit-prompt]", HTMLElement, dialog), one("template#message", HTMLTemplateElement));
    for (const input of this.sides) input.addEventListener("change", () => this.#fillFromSide());
    one("[data-edit]", HTMLFormElement, dialog).addEventListener("submit", (event) => {
      const problem = this.#problemSentence();
      this.problem.hidden = !problem;
      this.problem.textContent = problem;
      event.preventDefault();
      if (problem) return;
      dialog.close(); // first, so that the focus goes to the next pair
      judge(this.#draft);
    });
  }

  /**
   * @param {Assignment} pair on the page
   * @param {JudgmentDraft | null} [earlier] the judgment of it that was undone
   */
  prepare(pair, earlier) {
    this.#pair = pair;
    this.problem.hidden = true;
    const edited = earlier?.edit === undefined ? null : earlier;
    for (const input of this.sides) input.checked = input.value === edited?.choice;
    for (const input of this.strengths) input.checked = Number(input.value) === edited?.strength;
    this.field.value = edited?.edit ?? "";
  }

  /** @param {Assignment | null} pair on the page */
  open(pair) {
    if (!pair) return;
    if (this.#pair?.id !== pair.id) this.prepare(pair);
    this.prompt.show(pair.prompt);
    for (const side of SIDES) {
      const text = one(`[data-edit-text=${side}]`, HTMLElement, this.dialog);
      one(".prose", HTMLElement, text).innerHTML = pair[side].html;
      one("[data-cut]", HTMLElement, text).hidden = !pair[side].is_cut;
    }
    this.dialog.showModal();
  }

  /** @returns {JudgmentDraft} */
  get #draft() {
    const strength = Number(this.strengths.find((input) => input.checked)?.value);
    return { choice: this.#side ?? "", edit: this.field.value, ...(strength ? { strength } : {}) };
  }

  /** @returns {string} empty: the text can be sent */
  #problemSentence() {
    if (this.#originals.includes(this.field.value.trim())) {
      return gettext("You have not changed the text. Change it, or judge without it.");
    }
    const name = this.missing();
    return name === null ? "" : interpolate(gettext("Close this and answer “%(name)s” first. Your text stays."), { name });
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
