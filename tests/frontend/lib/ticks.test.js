import assert from "node:assert/strict";
import { test } from "node:test";

import { barEnd, logLabels, logRange, logTicks, niceStep, rangeAround, readout, stepTicks, tickLabels, ticks } from "../../../frontend/js/lib/ticks.js";

test("ticks are round numbers within the range", () => {
  assert.deepEqual(ticks(0.61, 0.74), [0.62, 0.64, 0.66, 0.68, 0.7, 0.72, 0.74]);
  assert.deepEqual(ticks(-2.2, 4.1), [-2, -1, 0, 1, 2, 3, 4]);
  assert.deepEqual(ticks(3, 3), [3]);
  assert.equal(niceStep(1, 5), 0.2);
});

test("whatever the range, there are some ticks, and their labels differ and are short", () => {
  let seed = 1;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let round = 0; round < 3000; round += 1) {
    const low = (random() - 0.5) * 10 ** (random() * 12 - 6);
    const high = low + 10 ** (random() * 12 - 6) + Math.abs(low) * 1e-3;
    const marks = ticks(low, high);
    const labels = tickLabels(marks, { language: "en" });
    assert.ok(marks.length >= 2 && marks.length <= 12, `${marks.length} ticks from ${low} to ${high}`);
    assert.ok(marks.every((mark) => mark >= low - Math.abs(high - low) * 1e-6 && mark <= high + Math.abs(high - low) * 1e-6));
    assert.ok(labels.every((label) => label.length <= 9), labels.join(" "));
    assert.ok(!labels.some((label) => /e[+−-]?\d/.test(label)), labels.join(" "));
  }
});

test("zero is written as zero, never as minus zero", () => {
  assert.deepEqual(tickLabels(ticks(-1e-3, 1e-3), { language: "en" }), ["−0.0010", "−0.0005", "0.0000", "0.0005", "0.0010"]);
  assert.ok(!ticks(-1, 1).some((tick) => Object.is(tick, -0)));
});

test("labels of one axis have the same decimals, and the language's sign", () => {
  assert.deepEqual(tickLabels([0, 0.5, 1], { language: "de" }), ["0,0", "0,5", "1,0"]);
  assert.deepEqual(tickLabels([0, 0.2, 0.4], { percent: true, language: "en" }), ["0 %", "20 %", "40 %"]);
  assert.deepEqual(tickLabels([0.5, 0.505, 0.51], { percent: true, language: "en" }), ["50.0 %", "50.5 %", "51.0 %"]);
});

test("steps are whole numbers from zero to the last planned one", () => {
  assert.deepEqual(stepTicks(2), [0, 1, 2]);
  assert.deepEqual(stepTicks(8), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(stepTicks(150), [0, 20, 40, 60, 80, 100, 120, 140]);
  assert.deepEqual(stepTicks(0), [0]);
});

test("a logarithmic axis has powers of ten, and more of them where it is short", () => {
  assert.deepEqual(logTicks(0.4, 30), [0.5, 1, 2, 5, 10, 20]);
  assert.deepEqual(logTicks(1e-5, 1e2), [1e-4, 1e-2, 1, 100]);
  assert.deepEqual(logLabels([1e-5, 0.01, 1, 2e6], "en"), ["1·10⁻⁵", "0.01", "1", "2·10⁶"]);
  assert.deepEqual(logRange([0, null, 0.5, 20]), [0.5 / 1.2, 24]);
  assert.deepEqual(logRange([3]), [1.5, 6]);
  assert.equal(logRange([0, null]), null);
});

test("the range holds the data and the level, and a flat curve is not blown up", () => {
  const [low, high] = rangeAround([0.69, 0.7], { level: Math.log(2) });
  assert.ok(low < 0.69 && high > 0.7 && high - low < 0.1);
  assert.deepEqual(rangeAround([0, 0], { level: 0 }), [-1, 1]);
  const [flatLow, flatHigh] = rangeAround([1e-7, -1e-7]);
  assert.ok(flatHigh - flatLow >= 1e-3, "rounding errors are no curve");
  assert.deepEqual(rangeAround([]), [0, 1]);
  assert.deepEqual(rangeAround([0.2], { percent: true }), [0, 1]);
});

test("a fitted share shows a change of two percent and stays within 0 and 1", () => {
  const [low, high] = rangeAround([0.5, 0.52], { level: 0.5, percent: true, fit: true });
  assert.ok(high - low < 0.06 && low >= 0 && high <= 1);
  assert.deepEqual(rangeAround([0, 1], { percent: true, fit: true }), [0, 1]);
});

test("bars of small shares end just above the longest", () => {
  assert.equal(barEnd([0.024, 0.019]), 0.03);
  assert.equal(barEnd([0.42]), 0.5);
  assert.equal(barEnd([0.97]), 1);
  assert.equal(barEnd([]), 1);
});

test("a value read off has its significant digits, whatever its size", () => {
  assert.deepEqual([0, 0.69314, 1234.5, 3e-5, null].map((value) => readout(value, false, "en")), ["0.000", "0.693", "1234.5", "3·10⁻⁵", "–"]);
  assert.equal(readout(0.5, true, "en"), "50.0 %");
});
