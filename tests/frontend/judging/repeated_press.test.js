import assert from "node:assert/strict";
import { test } from "node:test";

import { AGAIN_MS, RepeatedPress } from "../../../frontend/js/judging/repeated_press.js";

function presses({ canStrengthen = true } = {}) {
  const judged = [];
  const strengthened = [];
  const press = new RepeatedPress(
    (draft, rest) => judged.push([draft.choice, draft.strength, rest]),
    (side) => canStrengthen && strengthened.push(side) > 0,
  );
  const at = (timeStamp, side = "left", keys = {}) =>
    press.action(side, { altKey: false, shiftKey: false, code: "ArrowLeft", timeStamp, ...keys })?.();
  return { press, judged, strengthened, at };
}

test("one press says slightly, and rests for another", () => {
  const { judged, at } = presses();
  at(0);
  assert.deepEqual(judged, [["left", 1, AGAIN_MS]]);
});

test("the same key soon after makes it stronger", () => {
  const { judged, strengthened, at } = presses();
  at(0);
  at(AGAIN_MS - 1);
  at(2 * AGAIN_MS - 2);
  assert.equal(judged.length, 1);
  assert.deepEqual(strengthened, ["left", "left"]);
});

test("too late, or on the other side, it judges the next pair", () => {
  const { judged, strengthened, at } = presses();
  at(0);
  at(AGAIN_MS);
  at(AGAIN_MS + 1, "right");
  assert.deepEqual(judged.map(([side]) => side), ["left", "left", "right"]);
  assert.deepEqual(strengthened, []);
});

test("where the judgment was sent already, the press judges the next pair", () => {
  const { judged, at } = presses({ canStrengthen: false });
  at(0);
  at(10);
  assert.equal(judged.length, 2);
});

test("shift says clearly and alt much, at once; alt with an arrow is the browser's", () => {
  const { press, judged, at } = presses();
  at(0, "left", { shiftKey: true });
  at(0, "right", { altKey: true, code: "Digit2" });
  assert.deepEqual(judged, [["left", 2, 0], ["right", 3, 0]]);
  assert.equal(press.action("left", { altKey: true, shiftKey: false, code: "ArrowLeft", timeStamp: 0 }), null);
});
