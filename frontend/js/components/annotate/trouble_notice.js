// The notice of trouble: no network, no sign-in, or a judgment that was refused.

import { one } from "../../lib/dom.js";
import { troubleSentence } from "./sentences.js";

/** @typedef {import("../../judging/types.js").Trouble} Trouble */

export class TroubleNotice {
  /** @param {HTMLElement} element with `[data-trouble-text]`, a button that retries, links to sign in, to set up two steps and to choose a password */
  constructor(element) {
    this.element = element;
    this.text = one("[data-trouble-text]", HTMLElement, element);
    this.retry = one("[data-do=retry]", HTMLElement, element);
    this.signIn = one("[data-sign-in]", HTMLElement, element);
    this.setUp = one("[data-set-up]", HTMLElement, element);
    this.choosePassword = one("[data-choose-password]", HTMLElement, element);
  }

  /** @param {Trouble | null} trouble null: over */
  show(trouble) {
    this.element.hidden = !trouble;
    this.retry.hidden = !trouble || trouble.kind === "refused";
    this.signIn.hidden = trouble?.kind !== "signed-out";
    this.setUp.hidden = trouble?.kind !== "second-factor";
    this.choosePassword.hidden = trouble?.kind !== "own-password";
    if (trouble) this.text.textContent = troubleSentence(trouble);
  }
}
