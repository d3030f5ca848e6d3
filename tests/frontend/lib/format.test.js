import assert from "node:assert/strict";
import { test } from "node:test";

import { count, duration, fixed, localized, percent } from "../../../frontend/js/lib/format.js";

test("thousands stand apart as the language writes them", () => {
  assert.equal(count(1234567, "en"), "1,234,567");
  assert.equal(count(1234567, "de"), "1.234.567");
});

test("measured numbers have so many decimals, a real minus, and the language's decimal sign", () => {
  assert.equal(fixed(-0.1234, 3, "en"), "−0.123");
  assert.equal(fixed(-0.1234, 2, "de"), "−0,12");
  assert.equal(fixed(2, 0, "en"), "2");
  assert.equal(localized("1.5", "de"), "1,5");
});

test("shares are percentages with one decimal", () => {
  assert.equal(percent(0.7256, "en"), "72.6 %");
  assert.equal(percent(0.7256, "de"), "72,6 %");
});

test("where there is no figure there is a dash", () => {
  for (const nothing of [null, undefined, NaN, Infinity]) {
    assert.deepEqual([fixed(nothing, 3, "en"), percent(nothing, "en"), duration(nothing)], ["–", "–", "–"]);
  }
});

test("durations are rounded to what matters", () => {
  assert.deepEqual([-3, 0, 40.4, 89, 90, 720, 4800, 5399, 5400, 11100].map(duration), [
    "0 s", "0 s", "40 s", "89 s", "2 min", "12 min", "80 min", "1 h 30 min", "1 h 30 min", "3 h 5 min",
  ]);
});
