// From four probabilities to the loss, in six steps that are shown one by one.

import { announce } from "../../lib/announce.js";
import { all, one } from "../../lib/dom.js";
import { dpoFigures } from "../../lib/dpo_figures.js";
import { fixed, percent } from "../../lib/format.js";

export class Walk {
  /** @param {HTMLElement} section with a form, the steps, and two buttons */
  constructor(section) {
    this.form = one("[data-walk]", HTMLFormElement, section);
    this.steps = all("[data-walk-step]", HTMLElement, section);
    this.next = one("[data-walk-next]", HTMLButtonElement, section);
    this.everything = one("[data-walk-all]", HTMLButtonElement, section);
    this.form.addEventListener("input", () => this.#compute());
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.next.addEventListener("click", () => this.#revealNext());
    this.everything.addEventListener("click", () => this.#reveal(this.steps.length));
    this.#reveal(1);
  }

  #compute() {
    const ratios = [this.#value("walk-pc") / this.#value("walk-rc"), this.#value("walk-pr") / this.#value("walk-rr")];
    const [chosen = NaN, rejected = NaN] = ratios.map(Math.log);
    if (!Number.isFinite(chosen) || !Number.isFinite(rejected)) return;
    const figures = dpoFigures(chosen, rejected, this.#value("walk-beta"));
    /** @type {Record<string, number | undefined>} */
    const values = {
      "ratios-chosen": ratios[0],
      "ratios-rejected": ratios[1],
      "logs-chosen": chosen,
      "logs-rejected": rejected,
      "rewards-chosen": figures.chosen_reward,
      "rewards-rejected": figures.rejected_reward,
      "margin-margin": figures.margin,
      "loss-loss": figures.loss,
      "loss-weight": figures.weight,
    };
    for (const element of this.steps.flatMap((step) => all("[data-walk-value]", HTMLElement, step))) {
      const name = element.dataset.walkValue ?? "";
      element.textContent = name === "probability-probability" ? percent(figures.probability) : fixed(values[name], 4);
    }
  }

  /** @param {string} id of an input */
  #value(id) {
    return one(`#${id}`, HTMLInputElement, this.form).valueAsNumber;
  }

  #revealNext() {
    const count = this.steps.filter((step) => !step.hidden).length + 1;
    this.#reveal(count);
    announce(this.steps[count - 1]?.textContent?.trim().replace(/\s+/g, " ") ?? "");
  }

  /** @param {number} count of steps to be shown */
  #reveal(count) {
    this.steps.forEach((step, index) => (step.hidden = index >= count));
    this.next.hidden = this.everything.hidden = count >= this.steps.length;
  }
}
