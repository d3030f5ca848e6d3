// The loss calculator: two log-ratios and beta in, the loss and its gradient out.

import { all, one } from "../../lib/dom.js";
import { dpoFigures } from "../../lib/dpo_figures.js";
import { fixed, percent } from "../../lib/format.js";
import { gettext } from "../../lib/translation.js";

/** @typedef {import("../../lib/dpo_figures.js").Figures} Figures */

export class Calculator {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    form.addEventListener("input", () => this.#calculate());
    form.addEventListener("submit", (event) => event.preventDefault());
    this.#calculate();
  }

  #calculate() {
    const beta = 10 ** this.#slider("calc-beta").valueAsNumber;
    const chosen = this.#slider("calc-chosen").valueAsNumber;
    const rejected = this.#slider("calc-rejected").valueAsNumber;
    this.#writeValue("calc-beta", beta);
    this.#writeValue("calc-chosen", chosen);
    this.#writeValue("calc-rejected", rejected);
    const figures = dpoFigures(chosen, rejected, beta);
    for (const element of all("[data-calc]", HTMLElement)) {
      const name = /** @type {keyof Figures} */ (element.dataset.calc);
      element.textContent = name === "probability" ? percent(figures[name]) : fixed(figures[name], 4);
    }
    one("[data-calc-says]", HTMLElement).textContent = explanation(figures);
  }

  /** @param {string} id */
  #slider(id) {
    return one(`#${id}`, HTMLInputElement, this.form);
  }

  /**
   * @param {string} id of a slider
   * @param {number} value that it stands for
   */
  #writeValue(id, value) {
    one(`[data-value=${id}]`, HTMLElement, this.form).textContent = fixed(value, 2);
    this.#slider(id).setAttribute("aria-valuetext", fixed(value, 2));
  }
}

/**
 * @param {Figures} figures
 * @returns {string} what they mean
 */
function explanation({ margin }) {
  if (Math.abs(margin) < 0.2) return gettext("The model hardly has a preference: the loss is near ln 2 = 0.693, and the gradient's weight is half of beta.");
  if (margin > 4) return gettext("The model is sure and right: hardly any gradient is left, however often it sees this pair.");
  if (margin > 0) return gettext("The model agrees with the label. The surer it is, the less it still learns.");
  if (margin < -4) return gettext("The model is sure of the opposite: the gradient's weight is almost beta. Is the label right?");
  return gettext("The model prefers the rejected completion: this pair has a strong gradient.");
}
