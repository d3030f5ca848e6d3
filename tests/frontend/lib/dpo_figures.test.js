import assert from "node:assert/strict";
import { test } from "node:test";

import { dpoFigures } from "../../../frontend/js/lib/dpo_figures.js";

function near(actual, expected) {
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);
}

test("equal log-ratios know nothing: ln 2, and half of beta as the weight", () => {
  const figures = dpoFigures(1, 1, 0.1);
  near(figures.loss, Math.log(2));
  near(figures.probability, 0.5);
  near(figures.weight, 0.05);
  assert.equal(figures.margin, 0);
});

test("rewards are log-ratios times beta, the margin is their difference", () => {
  const figures = dpoFigures(0.3, -0.5, 0.1);
  near(figures.chosen_reward, 0.03);
  near(figures.rejected_reward, -0.05);
  near(figures.margin, 0.08);
  near(figures.loss, -Math.log(1 / (1 + Math.exp(-0.08))));
  near(figures.weight, 0.1 * (1 / (1 + Math.exp(0.08))));
});

test("the two sides are mirror images", () => {
  const [one, other] = [dpoFigures(3, -2, 0.7), dpoFigures(-2, 3, 0.7)];
  near(one.probability + other.probability, 1);
  near(one.margin, -other.margin);
});

test("everything is finite, however far apart", () => {
  for (const [chosen, rejected] of [[1e6, -1e6], [-1e6, 1e6]]) {
    for (const value of Object.values(dpoFigures(chosen, rejected, 3))) assert.ok(Number.isFinite(value));
  }
  near(dpoFigures(-1e6, 1e6, 1).loss, 2e6);
});
