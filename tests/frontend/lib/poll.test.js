import assert from "node:assert/strict";
import { test } from "node:test";

import { poll } from "../../../frontend/js/lib/poll.js";
import { FakeClock, FakeVisibility } from "../fakes.js";

/** Polls with replies in order; the last one for all that follow. An error is thrown. */
function polling(replies, manner = {}) {
  const clock = new FakeClock();
  const visibility = new FakeVisibility();
  const log = [];
  const errand = async () => {
    const reply = replies.length > 1 ? replies.shift() : replies[0];
    log.push("asked");
    if (reply instanceof Error) throw reply;
    return reply;
  };
  const stop = poll(errand, { every: 1000, clock, visibility, onTrouble: (is) => log.push(is ? "trouble" : "over"), ...manner });
  const asked = () => log.filter((line) => line === "asked").length;
  return { clock, visibility, log, asked, stop };
}

test("it asks every so often until the errand is done", async () => {
  const { clock, asked } = polling([false, false, true]);
  await clock.advance(999);
  assert.equal(asked(), 0);
  await clock.advance(10_000);
  assert.equal(asked(), 3);
});

test("soon means at once", async () => {
  const { clock, asked } = polling([false], { soon: true });
  await clock.advance(0);
  assert.equal(asked(), 1);
});

test("in trouble it asks more and more slowly, says so, and says when it is over", async () => {
  const { clock, log, asked } = polling([new Error("down"), new Error("down"), false]);
  await clock.advance(1000 + 2000);
  assert.equal(asked(), 2);
  await clock.advance(4000);
  assert.deepEqual(log, ["asked", "trouble", "asked", "trouble", "asked", "over"]);
  await clock.advance(1000);
  assert.equal(asked(), 4);
});

test("pauses do not grow beyond half a minute", async () => {
  const { clock, asked } = polling([new Error("down")]);
  await clock.advance(200_000);
  const before = asked();
  await clock.advance(60_000);
  assert.equal(asked(), before + 2);
});

test("it does not ask while nobody looks, and asks at once when somebody does", async () => {
  const { clock, visibility, asked } = polling([false]);
  visibility.change(true);
  await clock.advance(60_000);
  assert.equal(asked(), 0);
  visibility.change(false);
  await clock.advance(0);
  assert.equal(asked(), 1);
});

test("once stopped it no longer asks", async () => {
  const { clock, visibility, asked, stop } = polling([false]);
  await clock.advance(1000);
  stop();
  visibility.change(false);
  await clock.advance(60_000);
  assert.equal(asked(), 1);
});
