// Why good examples are not enough: two good answers as examples, or a preference between them.

import { fixed } from "../../lib/format.js";
import { gettext, interpolate } from "../../lib/translation.js";
import { Policy } from "../../story/policy.js";
import { Bars, Part } from "./part.js";

const GOOD = [0, 1];
const STEPS = 5;
const BETA = 0.5;

export class Examples extends Part {
  constructor() {
    super("examples");
    this.bars = new Bars(this.root);
    this.policy = new Policy(this.bars.start);
    this.on("imitate", () => this.#train(() => this.policy.imitate(GOOD, 0.5)));
    this.on("prefer", () => this.#train(() => this.policy.prefer(0, 1, BETA, 0.8)));
    this.on("reset", () => this.#reset());
  }

  /** @param {() => void} step */
  #train(step) {
    for (let count = 0; count < STEPS; count += 1) step();
    const shares = this.policy.shares;
    this.bars.show(shares);
    const [better = 0, worse = 1] = shares;
    const text = gettext("For each vague answer it now gives %(count)s helpful ones.");
    this.say(interpolate(text, { count: fixed(better / worse, 2) }));
  }

  #reset() {
    this.policy = new Policy(this.bars.start);
    this.bars.reset();
    this.say("");
  }
}
