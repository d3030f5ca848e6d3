import assert from "node:assert/strict";
import { test } from "node:test";

import { Stopwatch } from "../../../frontend/js/judging/stopwatch.js";
import { FakeVisibility } from "../fakes.js";

function stopwatch() {
  const visibility = new FakeVisibility();
  let now = 1000;
  const watch = new Stopwatch(visibility, () => now);
  return { watch, visibility, pass: (milliseconds) => (now += milliseconds) };
}

test("it counts seconds to the millisecond from its restart", () => {
  const { watch, pass } = stopwatch();
  assert.equal(watch.seconds, 0);
  watch.restart();
  pass(1234.4);
  assert.equal(watch.seconds, 1.234);
  watch.restart();
  assert.equal(watch.seconds, 0);
});

test("it stands still while the tab is hidden", () => {
  const { watch, visibility, pass } = stopwatch();
  watch.restart();
  pass(1000);
  visibility.change(true);
  pass(5000);
  assert.equal(watch.seconds, 1);
  visibility.change(false);
  pass(500);
  assert.equal(watch.seconds, 1.5);
});

test("restarted in a hidden tab it starts when somebody looks", () => {
  const { watch, visibility, pass } = stopwatch();
  visibility.hidden = true;
  watch.restart();
  pass(5000);
  visibility.change(false);
  pass(700);
  assert.equal(watch.seconds, 0.7);
});
