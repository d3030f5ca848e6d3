// A model so small that it fits on a page: a handful of answers to one prompt, each with a probability. It learns by the
// same formulas as a large one: from examples, from a preference (DPO), and by trial and reward (PPO).

import { dpoFigures } from "../lib/dpo_figures.js";
import { draw } from "./random.js";

/** @typedef {readonly number[]} Shares probabilities that add up to 1 */

const CLIP = 0.2;
const EPOCHS = 4;

/**
 * @param {readonly number[]} logits
 * @returns {number[]}
 */
export function softmax(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/**
 * @param {Shares} policy
 * @param {Shares} reference
 * @returns {number} KL(policy || reference), nats
 */
export function drift(policy, reference) {
  return policy.reduce((sum, share, index) => sum + (share > 0 ? share * Math.log(share / (reference[index] ?? 1)) : 0), 0);
}

/**
 * The best that can be had of reward minus beta times drift.
 *
 * @param {Shares} reference
 * @param {readonly number[]} rewards
 * @param {number} beta
 * @returns {number[]} proportional to reference * exp(reward / beta)
 */
export function best(reference, rewards, beta) {
  return softmax(reference.map((share, index) => Math.log(share) + (rewards[index] ?? 0) / beta));
}

export class Policy {
  /** @param {Shares} start also its reference */
  constructor(start) {
    this.reference = start;
    this.logits = start.map(Math.log);
    this.critic = 0;
  }

  get shares() {
    return softmax(this.logits);
  }

  get drift() {
    return drift(this.shares, this.reference);
  }

  /**
   * One step of learning from examples: each of them becomes more likely (the gradient of mean log P).
   *
   * @param {readonly number[]} examples their indices
   * @param {number} rate
   */
  imitate(examples, rate) {
    const shares = this.shares;
    this.logits = this.logits.map((logit, index) => logit + rate * ((examples.includes(index) ? 1 / examples.length : 0) - (shares[index] ?? 0)));
  }

  /**
   * @param {number} chosen its index
   * @param {number} rejected
   * @param {number} beta
   */
  figures(chosen, rejected, beta) {
    const ratios = this.shares.map((share, index) => Math.log(share / (this.reference[index] ?? 1)));
    return dpoFigures(ratios[chosen] ?? 0, ratios[rejected] ?? 0, beta);
  }

  /**
   * One step of DPO: the gradient of the loss pulls one logit up and pushes the other down, both by the same weight.
   *
   * @param {number} chosen
   * @param {number} rejected
   * @param {number} beta
   * @param {number} rate
   */
  prefer(chosen, rejected, beta, rate) {
    const { weight } = this.figures(chosen, rejected, beta);
    this.logits = this.logits.map((logit, index) => logit + rate * weight * (Number(index === chosen) - Number(index === rejected)));
  }

  /**
   * One step of DPO where answers share features, as texts share words: a logit is the sum of its answer's features times
   * weights, and the weights are what learns. The step moves them along the difference of the two answers, so every other
   * answer moves as far as it resembles that difference (arXiv 2410.08847).
   *
   * @param {number} chosen
   * @param {number} rejected
   * @param {readonly (readonly number[])[]} features of each answer
   * @param {number} beta
   * @param {number} rate
   */
  preferShared(chosen, rejected, features, beta, rate) {
    const { weight } = this.figures(chosen, rejected, beta);
    const apart = (features[chosen] ?? []).map((value, index) => value - (features[rejected]?.[index] ?? 0));
    const along = (/** @type {readonly number[] | undefined} */ answer) =>
      apart.reduce((sum, value, index) => sum + value * (answer?.[index] ?? 0), 0);
    this.logits = this.logits.map((logit, index) => logit + rate * weight * along(features[index]));
  }

  /**
   * One batch of PPO (arXiv 1707.06347, equation 7): answers are drawn, rewarded less beta times their log-ratio, and
   * compared with what the critic expected; a clipped step makes those above it more likely.
   *
   * @param {readonly number[]} rewards of each answer
   * @param {{ beta: number, rate: number, batch: number, random: () => number }} manner
   * @returns {{ answer: number, reward: number, advantage: number }[]} what was drawn
   */
  reinforce(rewards, { beta, rate, batch, random }) {
    const old = this.shares;
    const drawn = Array.from({ length: batch }, () => {
      const answer = draw(old, random);
      const leash = beta * Math.log((old[answer] ?? 1) / (this.reference[answer] ?? 1));
      const reward = (rewards[answer] ?? 0) - leash;
      return { answer, reward, advantage: reward - this.critic };
    });
    for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
      const now = this.shares;
      const pulls = this.logits.map(() => 0);
      for (const { answer, advantage } of drawn) {
        const ratio = (now[answer] ?? 0) / (old[answer] ?? 1);
        if (advantage > 0 ? ratio > 1 + CLIP : ratio < 1 - CLIP) continue; // clipped: no gradient
        for (const index of pulls.keys()) {
          pulls[index] = (pulls[index] ?? 0) + (ratio * advantage * (Number(index === answer) - (now[index] ?? 0))) / batch;
        }
      }
      this.logits = this.logits.map((logit, index) => logit + rate * (pulls[index] ?? 0));
    }
    const mean = drawn.reduce((sum, each) => sum + each.reward, 0) / batch;
    this.critic += 0.3 * (mean - this.critic);
    return drawn;
  }
}
