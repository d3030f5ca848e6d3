import assert from "node:assert/strict";
import { test } from "node:test";

import { HeldPairs } from "../../../frontend/js/judging/held_pairs.js";

const nothingJudged = () => false;

function held(...ids) {
  const pairs = new HeldPairs();
  const [current = null, ...ahead] = ids.map((id) => ({ id, expires_at: "old" }));
  pairs.replaceAhead(ahead);
  pairs.show(current);
  return pairs;
}

function ids(pairs) {
  return pairs.all.map((pair) => pair.id);
}

test("the next pair is taken from those ahead", () => {
  const pairs = held(1, 2);
  assert.equal(pairs.hasNext, true);
  assert.equal(pairs.takeNext().id, 2);
  assert.equal(pairs.hasNext, false);
  assert.equal(pairs.takeNext(), null);
});

test("a pair that is shown is no longer ahead", () => {
  const pairs = held(1, 2, 3);
  pairs.show(pairs.all[2]);
  assert.deepEqual(ids(pairs), [3, 2]);
});

test("a postponed pair comes next", () => {
  const pairs = held(1, 2);
  pairs.postponeCurrent();
  assert.equal(pairs.current, null);
  assert.deepEqual(ids(pairs), [1, 2]);
});

test("settling keeps the server's order, drops what it no longer holds, and renews the leases", () => {
  const pairs = held(1, 2, 3);
  const leases = [1, 4, 3].map((id) => ({ id, expires_at: "new" }));
  pairs.settle(leases, [{ id: 4, expires_at: "old" }, null], nothingJudged);
  assert.deepEqual(ids(pairs), [1, 4, 3]);
  assert.deepEqual(pairs.all.map((pair) => pair.expires_at), ["new", "new", "new"]);
});

test("the pair on the page stays, whatever is held; a lease without its pair is left out", () => {
  const pairs = held(1, 2);
  pairs.settle([{ id: 9, expires_at: "new" }], [], nothingJudged);
  assert.deepEqual(ids(pairs), [1]);
});

test("a pair that was judged here does not come again", () => {
  const pairs = held(1);
  const leases = [2, 3].map((id) => ({ id, expires_at: "new" }));
  pairs.settle(leases, [{ id: 2 }, { id: 3 }], (id) => id === 2);
  assert.deepEqual(ids(pairs), [1, 3]);
});
