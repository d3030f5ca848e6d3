// The hidden reward read along with a slider: the sum of the tokens so far, times beta.

import { all, one } from "../../lib/dom.js";
import { count, fixed } from "../../lib/format.js";
import { Part } from "./part.js";

export class Hidden extends Part {
  constructor() {
    super("hidden");
    this.beta = Number(this.root.dataset.beta);
    this.sides = all("[data-side]", HTMLElement, this.root).map((side) => ({
      sum: one("[data-sum]", HTMLElement, side),
      tokens: all("[data-ratio]", HTMLElement, side),
    }));
    this.reader = one("[data-reader]", HTMLInputElement, this.root);
    this.reader.max = String(Math.max(...this.sides.map((side) => side.tokens.length)));
    this.reader.value = this.reader.max;
    this.reader.addEventListener("input", () => this.#read());
    this.#read();
  }

  #read() {
    const read = this.reader.valueAsNumber;
    this.write("read", count(read));
    for (const { sum, tokens } of this.sides) {
      tokens.forEach((token, index) => token.toggleAttribute("data-unread", index >= read));
      const ratio = tokens.slice(0, read).reduce((total, token) => total + Number(token.dataset.ratio), 0);
      sum.textContent = fixed(this.beta * ratio);
    }
  }
}
