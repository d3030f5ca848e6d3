import assert from "node:assert/strict";
import { test } from "node:test";

import { featuresOf, learnedFrom, scored } from "../../../frontend/js/story/reward_model.js";

const KIND = { better: "I am sorry. That is frustrating.", worse: "Practise more and try again then." };

test("it counts words, kind words, sure words, ! and ? in both languages", () => {
  assert.deepEqual(featuresOf("Sorry! Is it always so?"), { words: 0.5, kind: 1, sure: 1, exclamations: 1, questions: 1 });
  assert.deepEqual(featuresOf("Das tut mir leid, das ist ganz sicher ärgerlich."), { words: 0.9, kind: 2, sure: 1, exclamations: 0, questions: 0 });
  assert.equal(featuresOf("Neveral").sure, 0);
});

test("it learns what the choices have in common, and scores other texts by it", () => {
  const weights = learnedFrom([KIND]);
  assert.ok(weights.kind > 0.5);
  assert.ok(scored("Thank you, please come again.", weights).score > scored("Come again.", weights).score);
  const turned = learnedFrom([{ better: KIND.worse, worse: KIND.better }]);
  assert.ok(Math.abs(turned.kind + weights.kind) < 1e-9);
});

test("without a choice nothing is worth anything", () => {
  assert.equal(scored("Sorry, sorry!", learnedFrom([])).score, 0);
});

test("a score is the sum of its parts", () => {
  const { score, parts } = scored("I am sorry! Why?", learnedFrom([KIND]));
  assert.ok(Math.abs(score - parts.reduce((sum, part) => sum + part.worth, 0)) < 1e-12);
});
