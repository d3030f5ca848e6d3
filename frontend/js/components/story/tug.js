// DPO's tug-of-war: pick the better answer, train, and the bars move.

import { all, maybe, one } from "../../lib/dom.js";
import { count, fixed, percent } from "../../lib/format.js";
import { gettext, interpolate } from "../../lib/translation.js";
import { Policy } from "../../story/policy.js";
import { Bars, Part } from "./part.js";

const BETA = 0.1;
const RATE = 5;

export class Tug extends Part {
  constructor() {
    super("tug");
    this.bars = new Bars(this.root);
    this.picks = all("[data-pick]", HTMLButtonElement, this.root);
    this.chosen = -1;
    this.policy = new Policy(this.bars.start);
    this.steps = 0;
    for (const pick of this.picks) pick.addEventListener("click", () => this.#pick(Number(pick.dataset.pick)));
    this.on("step", () => this.#train(1));
    this.on("many", () => this.#train(20));
    this.on("reset", () => this.#reset());
    this.#reset();
  }

  #reset() {
    this.policy = new Policy(this.bars.start);
    this.steps = 0;
    this.bars.reset();
    this.#figures();
  }

  /** @param {number} answer */
  #pick(answer) {
    this.chosen = answer;
    for (const pick of this.picks) pick.setAttribute("aria-pressed", String(Number(pick.dataset.pick) === answer));
    for (const name of ["step", "many"]) one(`[data-do=${name}]`, HTMLButtonElement, this.root).disabled = false;
    const better = maybe("[data-better]", HTMLSelectElement, this.root);
    if (better) better.value = answer === 0 ? "one" : "other";
    this.#figures();
    this.say(gettext("Now train: a step pulls it up and pushes the other one down."));
  }

  /** @param {number} steps */
  #train(steps) {
    for (let step = 0; step < steps; step += 1) this.policy.prefer(this.chosen, 1 - this.chosen, BETA, RATE);
    this.steps += steps;
    this.bars.show(this.policy.shares);
    this.#figures();
    const { probability } = this.#current();
    this.say(interpolate(gettext("Step %(step)s: by its hidden reward, yours wins with a chance of %(share)s."), { step: this.steps, share: percent(probability) }));
  }

  #current() {
    const chosen = Math.max(0, this.chosen);
    return this.policy.figures(chosen, 1 - chosen, BETA);
  }

  #figures() {
    const { probability, loss, weight } = this.#current();
    this.write("steps", count(this.steps));
    this.write("probability", percent(probability));
    this.write("loss", fixed(loss));
    this.write("weight", fixed(weight, 4));
  }
}
