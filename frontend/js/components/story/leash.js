// The leash: samples of a model at three distances from its start, one at a time.

import { all } from "../../lib/dom.js";
import { Part } from "./part.js";

export class Leash extends Part {
  constructor() {
    super("leash");
    this.buttons = all("[data-show]", HTMLButtonElement, this.root);
    this.samples = all("[data-sample]", HTMLElement, this.root);
    for (const button of this.buttons) button.addEventListener("click", () => this.#show(button.dataset.show));
    this.#show("0");
  }

  /** @param {string | undefined} which */
  #show(which) {
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.dataset.show === which));
    for (const sample of this.samples) sample.hidden = sample.dataset.sample !== which;
  }
}
