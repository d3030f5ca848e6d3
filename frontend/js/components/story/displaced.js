// Displacement: the margin of two answers that are nearly alike grows, and both become less likely.

import { fixed, percent } from "../../lib/format.js";
import { gettext, interpolate } from "../../lib/translation.js";
import { Policy } from "../../story/policy.js";
import { Bars, Part } from "./part.js";

const BETA = 0.1;
const RATE = 5;
const STEPS = 10;
/** What the answers share: the first feature is in both sums, the second tells them apart, and the third answer has it. */
const FEATURES = [[1, 0.2], [1, -0.2], [0, 1]];

export class Displaced extends Part {
  constructor() {
    super("displaced");
    this.bars = new Bars(this.root);
    this.policy = new Policy(this.bars.start);
    this.on("many", () => this.#train());
    this.on("reset", () => this.#reset());
    this.#reset();
  }

  #reset() {
    this.policy = new Policy(this.bars.start);
    this.bars.reset();
    this.say("");
    this.write("margin", fixed(0));
  }

  #train() {
    for (let step = 0; step < STEPS; step += 1) this.policy.preferShared(0, 1, FEATURES, BETA, RATE);
    this.bars.show(this.policy.shares);
    this.write("margin", fixed(this.policy.figures(0, 1, BETA).margin));
    const [right = 0, , other = 0] = this.policy.shares;
    const text = gettext("The gap has grown, and yet the right sum has only %(right)s left. Something else has %(other)s now.");
    this.say(interpolate(text, { right: percent(right), other: percent(other) }));
  }
}
