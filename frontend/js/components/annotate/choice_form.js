// The bar of choices: a draft from a button, what was picked, and whether it may be pressed.

import { all, maybe, one } from "../../lib/dom.js";

/** @typedef {import("../../judging/types.js").JudgmentDraft} JudgmentDraft */

export class ChoiceForm {
  /**
   * @param {HTMLFormElement} form
   * @param {{ judge: (draft: JudgmentDraft) => void, askForReason: () => void }} acts
   */
  constructor(form, { judge, askForReason }) {
    this.form = form;
    this.assignment = one("input[name=assignment]", HTMLInputElement, form);
    this.usesStrength = form.classList.contains("choices-strength");
    // A missing answer is explained in the same words by button and by key; the browser's own check is for where there
    // is no script.
    form.noValidate = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const button = event.submitter;
      if (!(button instanceof HTMLButtonElement)) return;
      if (button.value === "skip" && this.#mustAskForReason) askForReason();
      else judge(draftOf(button.value));
    });
  }

  /** @param {string} choice */
  offers(choice) {
    return maybe(`button[value="${choice}"]`, HTMLElement, this.form) !== null;
  }

  /** @returns {boolean} */
  get offersReasons() {
    return maybe("[data-do=reasons]", HTMLElement, this.form) !== null;
  }

  /** @returns {number} of the pair that the form is about */
  get pairId() {
    return Number(this.assignment.value);
  }

  /** @param {number | null} assignment null: there is nothing to judge */
  show(assignment) {
    this.form.hidden = assignment === null;
    if (assignment !== null) this.assignment.value = String(assignment);
  }

  /** @param {{ isBusy: boolean, isReady: boolean }} state */
  showState({ isBusy, isReady }) {
    this.form.toggleAttribute("data-busy", isBusy);
    for (const button of all("button", HTMLButtonElement, this.form)) button.setAttribute("aria-disabled", String(!isReady));
  }

  /** @param {JudgmentDraft} draft */
  markPicked({ choice, strength }) {
    const value = strength ? `${choice}:${strength}` : choice;
    maybe(`button[value="${value}"]`, HTMLElement, this.form)?.classList.add("is-picked");
    if (choice === "left" || choice === "right") one(`#${choice}`, HTMLElement).classList.add("is-picked");
  }

  clearPicked() {
    for (const element of all(".is-picked", HTMLElement)) element.classList.remove("is-picked");
  }

  /** @returns {boolean} a phone has no room for the button that asks why: there "Skip" itself asks */
  get #mustAskForReason() {
    return !one("[data-do=reasons]", HTMLElement, this.form).checkVisibility();
  }
}

/**
 * @param {string} value of a button: "left", "tie", "right:2", ...
 * @returns {JudgmentDraft}
 */
function draftOf(value) {
  const [choice = "", strength] = value.split(":");
  return strength ? { choice, strength: Number(strength) } : { choice };
}
