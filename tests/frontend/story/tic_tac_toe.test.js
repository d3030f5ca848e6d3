import assert from "node:assert/strict";
import { test } from "node:test";

import { randomFrom } from "../../../frontend/js/story/random.js";
import { freeSquares, Learner, NEW_BOARD, openSquares, outcome, placed } from "../../../frontend/js/story/tic_tac_toe.js";

test("three in a row end a game, and so does a full board", () => {
  assert.equal(outcome("XXX OO   "), "won");
  assert.equal(outcome("O X OX  O"), "lost");
  assert.equal(outcome("XOXXOOOXX"), "drawn");
  assert.equal(outcome(NEW_BOARD), null);
  assert.equal(freeSquares(placed(NEW_BOARD, 4, "X")).length, 8);
});

test("nobody moves once a game has ended", () => {
  assert.deepEqual(openSquares("XXX OO   "), []);
  assert.deepEqual(openSquares("O X OX  O"), []);
  assert.deepEqual(openSquares("XX  OO   "), [2, 3, 6, 7, 8]);
});

test("the win rate really rises with the games played", () => {
  const learner = new Learner(randomFrom(7));
  const before = learner.winRate(500);
  for (let game = 0; game < 5000; game += 1) learner.learn();
  const after = learner.winRate(500);
  assert.ok(before < 0.7, `${before} before a single game`);
  assert.ok(after > 0.93, `${after} after 5000 games`);
  assert.equal(learner.games, 5000);
});

test("nobody told it the rules: it learned by itself that three in a row are good", () => {
  const learner = new Learner(randomFrom(7));
  assert.equal(learner.value("XXXOO    "), 0.5);
  for (let game = 0; game < 2000; game += 1) learner.learn();
  const won = [...learner.values].filter(([board]) => outcome(board) === "won");
  assert.ok(won.length > 100);
  assert.ok(won.every(([, value]) => value > 0.5));
});

test("the same seed plays the same games", () => {
  const [one, other] = [new Learner(randomFrom(3)), new Learner(randomFrom(3))];
  for (let game = 0; game < 50; game += 1) (one.learn(), other.learn());
  assert.deepEqual([...one.values], [...other.values]);
});
