import assert from "node:assert/strict";
import { test } from "node:test";

import { LeaseKeeper } from "../../../frontend/js/judging/lease.js";
import { FakeClock, FakeVisibility } from "../fakes.js";

const MINUTE = 60_000;

function keeper({ fails = false } = {}) {
  const clock = new FakeClock();
  const visibility = new FakeVisibility();
  const calls = [];
  const until = (minutes) => new Date(clock.now() + minutes * MINUTE).toISOString();
  const call = async (method, url) => {
    calls.push(`${method} ${url}`);
    if (fails) throw new Error("no network");
    return { expires_at: until(30) };
  };
  const lease = new LeaseKeeper({ api: "/api/v1/", call, clock, visibility });
  return { lease, clock, visibility, calls, until };
}

test("a lease is renewed at half time, again and again", async () => {
  const { lease, clock, calls, until } = keeper();
  const assignment = { id: 5, expires_at: until(30) };
  lease.keep(assignment);
  await clock.advance(15 * MINUTE - 1);
  assert.deepEqual(calls, []);
  await clock.advance(1);
  assert.deepEqual(calls, ["POST /api/v1/assignments/5/renew/"]);
  assert.equal(assignment.expires_at, until(30));
  await clock.advance(15 * MINUTE);
  assert.equal(calls.length, 2);
});

test("a short or stale lease is not renewed more often than every ten seconds", async () => {
  const { lease, clock, calls, until } = keeper();
  lease.keep({ id: 5, expires_at: until(-5) });
  await clock.advance(9_999);
  assert.equal(calls.length, 0);
  await clock.advance(1);
  assert.equal(calls.length, 1);
});

test("nobody looks: the lease is left to run out, and renewed when somebody looks again", async () => {
  const { lease, clock, visibility, calls, until } = keeper();
  visibility.hidden = true;
  lease.keep({ id: 5, expires_at: until(1) });
  await clock.advance(40_000);
  assert.deepEqual(calls, []);
  visibility.hidden = false;
  await clock.advance(10_000);
  assert.equal(calls.length, 1);
});

test("another pair's lease replaces it, and none stops it", async () => {
  const { lease, clock, calls, until } = keeper();
  lease.keep({ id: 5, expires_at: until(30) });
  lease.keep({ id: 6, expires_at: until(30) });
  await clock.advance(15 * MINUTE);
  assert.deepEqual(calls, ["POST /api/v1/assignments/6/renew/"]);
  lease.keep(null);
  await clock.advance(60 * MINUTE);
  assert.equal(calls.length, 1);
});

test("where the call fails it is tried again", async () => {
  const { lease, clock, calls, until } = keeper({ fails: true });
  lease.keep({ id: 5, expires_at: until(1) });
  await clock.advance(30_000);
  await clock.advance(15_000);
  assert.equal(calls.length, 2);
});
