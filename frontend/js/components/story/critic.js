// The reader's picks teach a small reward model, which scores a sentence of theirs while they type.

import { all, maybe, one } from "../../lib/dom.js";
import { fixed } from "../../lib/format.js";
import { gettext, ngettext, interpolate } from "../../lib/translation.js";
import { learnedFrom, scored } from "../../story/reward_model.js";
import { Part } from "./part.js";

export class Critic extends Part {
  constructor() {
    super("critic");
    this.sentence = one("[data-sentence]", HTMLTextAreaElement, this.root);
    this.root.addEventListener("input", () => this.#score());
    this.#score();
  }

  #choices() {
    return all("[data-pick]", HTMLFieldSetElement, this.root).flatMap((pick) => {
      const picked = maybe("input:checked", HTMLInputElement, pick)?.value;
      if (!picked) return [];
      const text = (/** @type {string} */ name) => one(`[data-text=${name}]`, HTMLElement, pick).textContent ?? "";
      return [{ better: text(picked), worse: text(picked === "one" ? "other" : "one") }];
    });
  }

  #score() {
    const choices = this.#choices();
    const { score, parts } = scored(this.sentence.value, learnedFrom(choices));
    for (const { name, worth } of parts) this.write(`part=${name}`, signed(worth));
    this.write("score", signed(score));
    if (!choices.length) return;
    const most = parts.reduce((one, other) => (Math.abs(other.worth) > Math.abs(one.worth) ? other : one));
    const learned = ngettext("Learned from %(count)s choice of yours.", "Learned from %(count)s choices of yours.", choices.length);
    const rest = most.worth === 0 ? gettext("Your sentence has nothing that it counts.") : gettext("Try to earn more points without a better answer: that is a hole in the reward model.");
    this.say(`${interpolate(learned, { count: choices.length })} ${rest}`);
  }
}

/** @param {number} value */
function signed(value) {
  return (value > 0.005 ? "+" : "") + fixed(Math.abs(value) < 0.005 ? 0 : value, 2);
}
