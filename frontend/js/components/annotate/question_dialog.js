// The dialog in which somebody asks a lead about the pair on the page. The pair stays; it can be skipped until the answer.

import { Refused, call } from "../../lib/api.js";
import { maybe, one } from "../../lib/dom.js";
import { gettext } from "../../lib/translation.js";

/** @typedef {import("../../judging/types.js").JudgmentDraft} JudgmentDraft */

/**
 * @typedef {object} Place
 * @property {string} api where the API starts, with the slash
 * @property {{ assignment: { id: number } | null }} session
 * @property {(draft: JudgmentDraft) => void} judge
 */

export class QuestionDialog {
  /** The pair that the text in the dialog is about. */
  #pair = 0;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {Place} place
   */
  constructor(dialog, place) {
    this.dialog = dialog;
    this.place = place;
    this.form = one("[data-ask-form]", HTMLFormElement, dialog);
    this.field = one("textarea", HTMLTextAreaElement, dialog);
    this.button = one("[type=submit]", HTMLButtonElement, this.form);
    this.problem = one("[data-ask-problem]", HTMLElement, dialog);
    this.asked = one("[data-asked]", HTMLElement, dialog);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    one("[data-judge-anyway]", HTMLButtonElement, dialog).addEventListener("click", () => dialog.close());
    maybe("[data-skip-for-now]", HTMLButtonElement, dialog)?.addEventListener("click", () => this.#skip());
  }

  open() {
    const pair = this.place.session.assignment?.id;
    if (!pair) return;
    const isNew = pair !== this.#pair || !this.asked.hidden;
    this.#pair = pair;
    if (isNew) this.field.value = "";
    this.#show({ isAsked: false });
    this.dialog.showModal();
    this.field.focus();
  }

  async #send() {
    this.button.disabled = true;
    this.problem.hidden = true;
    try {
      await call("POST", `${this.place.api}assignments/${this.#pair}/questions/`, { text: this.field.value });
      this.#show({ isAsked: true });
      one("[data-judge-anyway]", HTMLButtonElement, this.dialog).focus();
    } catch (error) {
      this.problem.textContent = sentenceOf(error);
      this.problem.hidden = false;
    } finally {
      this.button.disabled = false;
    }
  }

  #skip() {
    this.dialog.close();
    if (this.place.session.assignment?.id === this.#pair) this.place.judge({ choice: "skip" });
  }

  /** @param {{ isAsked: boolean }} state */
  #show({ isAsked }) {
    this.problem.hidden = true;
    this.form.hidden = isAsked;
    this.asked.hidden = !isAsked;
  }
}

/**
 * @param {unknown} error of the call
 * @returns {string} what to do; the text stays in the dialog
 */
function sentenceOf(error) {
  return error instanceof Refused ? error.message : gettext("The server cannot be reached. Your text is still here: send it again.");
}
