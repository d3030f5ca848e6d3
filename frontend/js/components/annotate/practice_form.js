// The answer to a pair of practice: sent once, as the form it is; the reply is the next page.

import { AGAIN_MS, RepeatedPress } from "../../judging/repeated_press.js";
import { announce } from "../../lib/announce.js";
import { maybe } from "../../lib/dom.js";
import { gettext, interpolate } from "../../lib/translation.js";

/** @typedef {import("../../judging/types.js").JudgmentDraft} JudgmentDraft */

const STRONGEST = 3;

export class PracticeForm {
  /** @type {JudgmentDraft | null} chosen by key, and sent once no other press can make it stronger */
  #picked = null;
  #isSent = false;
  #timer = 0;

  /**
   * @param {HTMLFormElement} form
   * @param {import("./criteria.js").Criteria} criteria
   */
  constructor(form, criteria) {
    this.form = form;
    this.criteria = criteria;
    this.usesStrength = form.classList.contains("choices-strength");
    const judge = (/** @type {JudgmentDraft} */ draft, rest = 0) => this.#pick(draft, rest);
    this.strength = new RepeatedPress(judge, (side) => this.#strengthen(side));
    form.noValidate = true; // a missing answer is explained in the same words by button and by key
    form.addEventListener("submit", (event) => {
      clearTimeout(this.#timer);
      if (this.#isSent || !this.#isComplete()) event.preventDefault();
      else this.#isSent = true;
    });
  }

  /**
   * @param {string} action
   * @param {KeyboardEvent} event
   * @returns {(() => void) | null} gives the answer; null: the page offers no such choice
   */
  action(action, event) {
    const isSide = action === "left" || action === "right";
    if (isSide && this.usesStrength) return this.strength.action(action, event);
    return this.#button(action) && (() => this.#pick({ choice: action }, 0));
  }

  /**
   * @param {JudgmentDraft} draft
   * @param {number} rest milliseconds in which it can be made stronger
   */
  #pick(draft, rest) {
    if (this.#isSent || !this.#isComplete()) return;
    this.#show(draft);
    clearTimeout(this.#timer);
    if (rest) this.#timer = setTimeout(() => this.#send(), rest);
    else this.#send();
  }

  /** @param {string} side */
  #strengthen(side) {
    const { choice, strength = 1 } = this.#picked ?? { choice: "" };
    if (this.#isSent || choice !== side) return false;
    this.#pick({ choice, strength: Math.min(STRONGEST, strength + 1) }, AGAIN_MS);
    return true;
  }

  #send() {
    const button = this.#picked && this.#button(valueOf(this.#picked));
    if (button) this.form.requestSubmit(button);
  }

  /** @param {JudgmentDraft} draft */
  #show(draft) {
    if (this.#picked) this.#button(valueOf(this.#picked))?.classList.remove("is-picked");
    this.#picked = draft;
    this.#button(valueOf(draft))?.classList.add("is-picked");
  }

  /** @returns {boolean} whether no required criterion is open; it says which one is */
  #isComplete() {
    const name = this.criteria.showMissing();
    if (name !== null) announce(interpolate(gettext("Answer “%(name)s” first."), { name }));
    return name === null;
  }

  /** @param {string} value */
  #button(value) {
    return maybe(`button[value="${value}"]`, HTMLButtonElement, this.form);
  }
}

/**
 * @param {JudgmentDraft} draft
 * @returns {string} the value of its button
 */
function valueOf({ choice, strength }) {
  return strength ? `${choice}:${strength}` : choice;
}
