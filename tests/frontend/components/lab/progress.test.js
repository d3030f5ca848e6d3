import assert from "node:assert/strict";
import { test } from "node:test";

import { isComplete, knownUntil, logRatio, merged, sidesAt } from "../../../../frontend/js/components/lab/progress.js";

function session({ steps = [], wrote = [], watched = [], done = 0, total = 0 } = {}) {
  return {
    done,
    total,
    lesson: { watched },
    points: steps.map((step) => ({ step })),
    wrote: wrote.map((step) => ({ step })),
  };
}

test("a reply adds what is later than what is earlier, whether it has all of it or the end only", () => {
  const earlier = session({ steps: [0, 1], wrote: [0] });
  for (const steps of [[0, 1, 2], [2]]) {
    const news = merged(earlier, session({ steps, wrote: [0, 2], done: 2 }));
    assert.deepEqual(news.points.map((point) => point.step), [0, 1, 2]);
    assert.deepEqual(news.wrote.map((each) => each.step), [0, 2]);
    assert.equal(news.done, 2);
  }
});

test("what it wrote may be behind its points: both are asked for from the older one on", () => {
  assert.equal(knownUntil(session({ steps: [0, 5], wrote: [0] })), 0);
  assert.equal(knownUntil(session()), -1);
});

test("an experiment is complete when what it wrote after the last step is there", () => {
  assert.equal(isComplete(session({ steps: [5], wrote: [0], done: 5, total: 5 })), false);
  assert.equal(isComplete(session({ steps: [5], wrote: [0, 5], done: 5, total: 5 })), true);
  assert.equal(isComplete(session({ steps: [3], wrote: [3], done: 3, total: 5 })), false);
});

test("texts stand as in the table: better, worse, and those that are watched", () => {
  const point = { pairs: [{ chosen: "better", rejected: "worse" }, { chosen: "first", rejected: "second" }] };
  assert.deepEqual(sidesAt(session({ watched: [] }), point), ["better", "worse"]);
  assert.deepEqual(sidesAt(session({ watched: ["x"] }), point), ["better", "worse", "first"]);
  assert.deepEqual(sidesAt(session({ watched: ["x", "y"] }), point), ["better", "worse", "first", "second"]);
});

test("a log-ratio is what has changed since the start", () => {
  assert.equal(logRatio({ logp: -18, reference: -20, tokens: 8 }), 2);
});
