import assert from "node:assert/strict";
import { test } from "node:test";

import { LEAST_SHARED, differences, sharedPart } from "../../../frontend/js/lib/difference.js";

/** The words of both texts that differ. */
function differing(left, right) {
  const [first, second] = [left.split(" "), right.split(" ")];
  const marks = differences(first, second);
  return [first.filter((_, index) => marks.left[index]).join(" "), second.filter((_, index) => marks.right[index]).join(" ")];
}

test("equal texts do not differ, and nothing is like nothing", () => {
  assert.deepEqual(differing("a b c", "a b c"), ["", ""]);
  assert.deepEqual(differences([], []), { left: [], right: [] });
  assert.deepEqual(differences([], ["a"]), { left: [], right: [true] });
});

test("a word that was replaced, added or left out is marked, and no other", () => {
  assert.deepEqual(differing("the cat sat", "the dog sat"), ["cat", "dog"]);
  assert.deepEqual(differing("the cat sat", "the black cat sat"), ["", "black"]);
  assert.deepEqual(differing("the cat sat down", "the cat sat"), ["down", ""]);
});

test("texts that share nothing are marked whole", () => {
  assert.deepEqual(differing("a b", "c d e"), ["a b", "c d e"]);
});

test("order counts: of two words that changed places one is marked on each side", () => {
  const [left, right] = differing("x a b y", "x b a y");
  assert.equal(left.split(" ").length, 1);
  assert.equal(right.split(" ").length, 1);
});

test("a word that is there twice is matched as often as it is in both", () => {
  assert.deepEqual(differing("a a b", "a b"), ["a", ""]);
  assert.deepEqual(differing("b a", "b a a a"), ["", "a a"]);
});

test("the longest common sequence is kept, not the first match", () => {
  assert.deepEqual(differing("x a b c y", "x c a b y"), ["c", "c"]);
});

test("in texts too long for that, order no longer counts: a word differs where the other text does not have it", () => {
  const words = Array.from({ length: 4000 }, (_, index) => `w${index}`);
  const marks = differences([...words, "left"], ["right", ...[...words].reverse()]);
  assert.equal(marks.left.indexOf(true), 4000);
  assert.equal(marks.right.lastIndexOf(true), 0);
});

test("what two texts share is counted on both sides, in order", () => {
  assert.equal(sharedPart([], []), 1);
  assert.equal(sharedPart(["a"], []), 0);
  assert.equal(sharedPart(["a", "b", "c"], ["a", "x", "c"]), 4 / 6);
  assert.equal(sharedPart(["a", "b"], ["b", "a"]), 1 / 2);
});

test("an edited text shares enough to mark what differs, an unrelated one does not", () => {
  const text = "the river rises in the hills and reaches the sea after a long way".split(" ");
  const edited = text.map((word, index) => (index % 3 === 1 ? "other" : word));
  const unrelated = "apples are the sweetest of all fruits in a garden and a market".split(" ");
  assert.ok(sharedPart(text, edited) >= LEAST_SHARED);
  assert.ok(sharedPart(text, unrelated) < LEAST_SHARED);
});

test("of texts too long to compare in order, words such as the do not count as shared", () => {
  const left = Array.from({ length: 9000 }, (_, index) => (index % 3 ? `l${index}` : "the"));
  const right = Array.from({ length: 9000 }, (_, index) => (index % 3 ? `r${index}` : "the"));
  assert.ok(sharedPart(left, right) < LEAST_SHARED);
});
