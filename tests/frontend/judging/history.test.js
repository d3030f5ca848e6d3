import assert from "node:assert/strict";
import { test } from "node:test";

import { JudgmentHistory } from "../../../frontend/js/judging/history.js";

function entry(assignment, key = null) {
  return { assignment, pair: { id: assignment }, key, draft: { choice: "left" } };
}

function pending(assignment, key) {
  return { url: "/x/", campaign: "sums", assignment, body: { choice: "tie", key, seconds: 1 }, at: 0 };
}

test("the newest judgment is the one that is undone", () => {
  const history = new JudgmentHistory();
  assert.equal(history.last, undefined);
  const [first, second] = [entry(1), entry(2)];
  history.add(first);
  history.add(second);
  assert.equal(history.last, second);
  history.removeLast();
  assert.equal(history.last, first);
  assert.equal(history.has(second), false);
  history.clear();
  assert.equal(history.last, undefined);
});

test("only so many are kept as anybody undoes", () => {
  const history = new JudgmentHistory();
  const entries = Array.from({ length: 51 }, (_, index) => entry(index));
  for (const each of entries) history.add(each);
  assert.equal(history.has(entries[0]), false);
  assert.equal(history.has(entries[1]), true);
});

test("pairs of undelivered judgments are named, until they are delivered", () => {
  const history = new JudgmentHistory();
  history.add(entry(1));
  history.add(entry(2, "k2"));
  assert.deepEqual(history.undeliveredPairs, [{ id: 2 }]);
  history.markDelivered(pending(2, "k2"));
  assert.deepEqual(history.undeliveredPairs, []);
  assert.equal(history.last.assignment, 2);
});

test("a refused judgment leaves the history", () => {
  const history = new JudgmentHistory();
  history.add(entry(1, "k1"));
  history.add(entry(2, "k2"));
  history.remove("k1");
  assert.equal(history.last.assignment, 2);
  history.removeLast();
  assert.equal(history.last, undefined);
});

test("a judgment of an earlier page stands before everything that is still pending", () => {
  const history = new JudgmentHistory();
  history.add(entry(1));
  history.add(entry(3, "k3"));
  history.markDelivered(pending(2, "k2"), 5);
  assert.equal(history.last.assignment, 3);
  history.removeLast();
  const { body } = pending(2, "k2");
  assert.deepEqual(history.last, { assignment: 2, pair: null, key: null, draft: body, deliveredAt: 5 });
});

test("a pair that is judged again keeps the time of its first judgment", () => {
  const history = new JudgmentHistory();
  history.add(entry(1, "k1"));
  history.markDelivered(pending(1, "k1"), 5);
  history.removeLast();
  history.add(entry(1, "k2"));
  history.markDelivered(pending(1, "k2"), 9);
  assert.equal(history.last.deliveredAt, 5);
});

test("what an earlier page left is restored with its pairs, as far as they were kept", () => {
  const history = new JudgmentHistory();
  history.restore([pending(1, "k1"), pending(2, "k2")], [{ id: 2 }]);
  assert.deepEqual(history.last.pair, { id: 2 });
  assert.equal(history.last.draft.choice, "tie");
  assert.deepEqual(history.undeliveredPairs, [{ id: 2 }]);
});
