// PPO in slow motion: batches of eight answers, their points, and the bars before and after.

import { one } from "../../lib/dom.js";
import { count, fixed } from "../../lib/format.js";
import { gettext, interpolate } from "../../lib/translation.js";
import { Policy } from "../../story/policy.js";
import { randomFrom } from "../../story/random.js";
import { Bars, Part } from "./part.js";

const SEED = 11;
const BATCH = 8;
const RATE = 0.1;

export class Loop extends Part {
  constructor() {
    super("loop");
    this.bars = new Bars(this.root);
    this.beta = one("[data-beta]", HTMLSelectElement, this.root);
    this.policy = new Policy(this.bars.start);
    this.random = randomFrom(SEED);
    this.batches = 0;
    this.on("one", () => this.#cook(1));
    this.on("many", () => this.#cook(100));
    this.on("reset", () => this.#reset());
    this.#reset();
  }

  #reset() {
    this.policy = new Policy(this.bars.start);
    this.random = randomFrom(SEED);
    this.batches = 0;
    this.bars.reset();
    this.#figures();
    this.say("");
  }

  /** @param {number} batches */
  #cook(batches) {
    const manner = { beta: Number(this.beta.value), rate: RATE, batch: BATCH, random: this.random };
    /** @type {{ answer: number, advantage: number }[]} */
    let drawn = [];
    for (let batch = 0; batch < batches; batch += 1) drawn = this.policy.reinforce(this.bars.rewards, manner);
    this.batches += batches;
    this.bars.show(this.policy.shares);
    this.#figures();
    const good = drawn.filter((each) => each.advantage > 0).length;
    const most = this.policy.shares.indexOf(Math.max(...this.policy.shares));
    const text = gettext("%(good)s of the last %(batch)s answers were better than expected. Now it most often says: %(label)s.");
    this.say(interpolate(text, { good, batch: BATCH, label: this.bars.labels[most] ?? "" }));
  }

  #figures() {
    this.write("batches", count(this.batches));
    this.write("critic", fixed(this.policy.critic, 2));
    this.write("drift", fixed(this.policy.drift, 2));
  }
}
