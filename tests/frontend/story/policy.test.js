import assert from "node:assert/strict";
import { test } from "node:test";

import { best, drift, Policy, softmax } from "../../../frontend/js/story/policy.js";
import { randomFrom } from "../../../frontend/js/story/random.js";

const START = [0.3, 0.45, 0.25];

function near(actual, expected, within = 1e-9) {
  assert.ok(Math.abs(actual - expected) < within, `${actual} is not ${expected}`);
}

test("a policy starts as its reference", () => {
  const policy = new Policy(START);
  policy.shares.forEach((share, index) => near(share, START[index]));
  near(policy.drift, 0);
  near(policy.figures(0, 1, 0.1).loss, Math.log(2));
});

test("two good examples end at half and half, whichever is better", () => {
  const policy = new Policy(START);
  for (let step = 0; step < 3000; step += 1) policy.imitate([0, 1], 0.5);
  near(policy.shares[0], 0.5, 0.01);
  near(policy.shares[1], 0.5, 0.01);
});

test("a step of DPO goes down the gradient of its loss", () => {
  const policy = new Policy(START);
  policy.logits = [-1, -0.5, -1.4];
  const { loss } = policy.figures(0, 1, 0.3);
  const size = 1e-6;
  const slopes = policy.logits.map((_, index) => {
    const moved = new Policy(START);
    moved.logits = policy.logits.map((logit, other) => logit + (other === index ? size : 0));
    return (moved.figures(0, 1, 0.3).loss - loss) / size;
  });
  const before = [...policy.logits];
  policy.prefer(0, 1, 0.3, 1);
  policy.logits.forEach((logit, index) => near(logit - before[index], -slopes[index], 1e-5));
});

test("where two answers share almost everything, their margin grows and both become less likely", () => {
  const policy = new Policy([0.3, 0.3, 0.4]);
  const features = [[1, 0.2], [1, -0.2], [0, 1]];
  for (let step = 0; step < 10; step += 1) policy.preferShared(0, 1, features, 0.1, 5);
  assert.ok(policy.figures(0, 1, 0.1).margin > 0);
  assert.ok(policy.shares[0] < 0.3 && policy.shares[1] < policy.shares[0] && policy.shares[2] > 0.4);
  const alone = new Policy(START);
  alone.preferShared(0, 1, [[1, 0, 0], [0, 1, 0], [0, 0, 1]], 0.3, 1);
  const usual = new Policy(START);
  usual.prefer(0, 1, 0.3, 1);
  alone.shares.forEach((share, index) => near(share, usual.shares[index]));
});

test("PPO ends near the best of reward minus beta times drift", () => {
  const rewards = [1.5, 0.5, -1];
  const policy = new Policy(START);
  const random = randomFrom(11);
  for (let batch = 0; batch < 3000; batch += 1) policy.reinforce(rewards, { beta: 1, rate: 0.05, batch: 16, random });
  const wanted = best(START, rewards, 1);
  policy.shares.forEach((share, index) => near(share, wanted[index], 0.06));
});

test("drift and the best policy are those of the formulas", () => {
  near(drift([0.5, 0.5], [0.25, 0.75]), 0.5 * Math.log(2) + 0.5 * Math.log(0.5 / 0.75));
  const [one, other] = best([0.5, 0.5], [1, 0], 2);
  near(one / other, Math.exp(0.5));
  near(softmax([1000, 1000])[0], 0.5);
});
