// The ten lines, run again whenever a number of the six steps changes.

import { all, one } from "../../lib/dom.js";
import { dpoFigures } from "../../lib/dpo_figures.js";
import { fixed } from "../../lib/format.js";
import { Part } from "./part.js";

const ARGUMENTS = ["walk-pc", "walk-pr", "walk-rc", "walk-rr", "walk-beta"];

export class Code extends Part {
  /** @param {HTMLElement} walk the section with the inputs */
  constructor(walk) {
    super("code");
    const inputs = ARGUMENTS.map((id) => one(`#${id}`, HTMLInputElement, walk));
    for (const input of all("input", HTMLInputElement, walk)) input.addEventListener("input", () => this.#run(inputs));
  }

  /** @param {HTMLInputElement[]} inputs in the order of the arguments */
  #run(inputs) {
    const [pc = NaN, pr = NaN, rc = NaN, rr = NaN, beta = NaN] = inputs.map((input) => input.valueAsNumber);
    const { loss } = dpoFigures(Math.log(pc / rc), Math.log(pr / rr), beta);
    if (!Number.isFinite(loss)) return;
    this.write("arguments", inputs.map((input) => input.value).join(", "));
    this.write("result", fixed(loss, 4));
  }
}
