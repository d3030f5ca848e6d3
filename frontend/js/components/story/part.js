// Common to the parts of the story: a root, buttons, a sentence that says what happened, and bars.

import { all, maybe, one } from "../../lib/dom.js";
import { percent } from "../../lib/format.js";
import { gettext, interpolate } from "../../lib/translation.js";

export class Part {
  /** @param {string} name of the part */
  constructor(name) {
    this.root = one(`[data-story=${name}]`, HTMLElement);
    this.says = maybe("[data-says]", HTMLElement, this.root);
    for (const element of all("[data-try]", HTMLElement, this.root)) element.hidden = false;
  }

  /**
   * @param {string} name of its `data-do`
   * @param {(button: HTMLButtonElement) => void} act
   */
  on(name, act) {
    const button = one(`[data-do=${name}]`, HTMLButtonElement, this.root);
    button.addEventListener("click", () => act(button));
  }

  /** @param {string} sentence */
  say(sentence) {
    if (this.says) this.says.textContent = sentence;
  }

  /**
   * @param {string} name of a data attribute
   * @param {string} text
   */
  write(name, text) {
    one(`[data-${name}]`, HTMLElement, this.root).textContent = text;
  }
}

/** The bars of a small model: each answer's probability, and what it was before the last change. */
export class Bars {
  /** @param {HTMLElement} root with one list of bars */
  constructor(root) {
    this.rows = all("[data-bars] > li", HTMLLIElement, root);
    this.start = this.rows.map((row) => Number(row.dataset.start));
    this.rewards = this.rows.map((row) => Number(row.dataset.reward));
    this.labels = this.rows.map((row) => one("[data-label]", HTMLElement, row).textContent ?? "");
    this.shares = this.start;
  }

  /** @param {readonly number[]} shares */
  show(shares) {
    this.rows.forEach((row, index) => {
      const [share = 0, before = 0] = [shares[index], this.shares[index]];
      const meter = one("meter", HTMLMeterElement, row);
      meter.value = share;
      meter.textContent = percent(share);
      one("[data-share]", HTMLElement, row).textContent = percent(share);
      const was = one("[data-before]", HTMLElement, row);
      was.hidden = percent(share) === percent(before);
      was.textContent = interpolate(gettext("was %(share)s"), { share: percent(before) });
    });
    this.shares = [...shares];
  }

  /** Back to the start, without a word about before. */
  reset() {
    this.shares = this.start;
    this.show(this.start);
  }
}
