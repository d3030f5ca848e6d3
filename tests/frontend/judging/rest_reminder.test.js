import assert from "node:assert/strict";
import { test } from "node:test";

import { RestReminder } from "../../../frontend/js/judging/rest_reminder.js";
import { FakeStorage } from "../fakes.js";

const MINUTE = 60_000;

/** Somebody who judges once a minute: for each judgment the minutes that a reminder names, else null. */
function work(minutes, { reminder, clock }) {
  return Array.from({ length: minutes }, () => {
    clock.now += MINUTE;
    return reminder.minutesAtWork();
  });
}

function stretch(storage = new FakeStorage()) {
  const clock = { now: Date.parse("2026-03-02T12:00:00Z") };
  return { clock, storage, reminder: new RestReminder(storage, () => clock.now) };
}

test("a break is suggested after half an hour, then every quarter", () => {
  const minutes = work(70, stretch());
  assert.deepEqual(minutes.filter((each) => each !== null), [30, 45, 60]);
  assert.equal(minutes.findIndex((each) => each !== null), 30); // the first judgment starts the stretch
});

test("a break of more than five minutes starts a new stretch", () => {
  const person = stretch();
  work(25, person);
  person.clock.now += 6 * MINUTE;
  assert.deepEqual(work(29, person).filter(Boolean), []);
  assert.deepEqual(work(3, person).filter(Boolean), [30]);
});

test("a shorter one does not", () => {
  const person = stretch();
  work(28, person);
  person.clock.now += 4 * MINUTE;
  assert.deepEqual(work(1, person), [32]);
});

test("the stretch goes on when the page is loaded again", () => {
  const before = stretch();
  work(28, before);
  const after = stretch(before.storage);
  after.clock.now = before.clock.now;
  assert.deepEqual(work(5, after).filter(Boolean), [30]);
});

test("a browser that stores nothing, or something broken, reminds nobody and breaks nothing", () => {
  const person = stretch();
  person.storage.setItem("stretch", "{");
  person.storage.isFull = true;
  assert.deepEqual(work(40, person).filter(Boolean), []);
});
