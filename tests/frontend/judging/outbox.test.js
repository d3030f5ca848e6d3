import assert from "node:assert/strict";
import { test } from "node:test";

import { Outbox } from "../../../frontend/js/judging/outbox.js";
import { Unreachable, call } from "../../../frontend/js/lib/api.js";
import { FakeClock, FakeStorage, refused, settle } from "../fakes.js";

let number = 0;

function judgment(choice = "left") {
  number += 1;
  return { url: "/x/", campaign: "sums", assignment: number, body: { choice, key: `key-${number}`, seconds: 1 }, at: number };
}

/** An outbox whose deliveries a test decides: a function for each, the last one for all that follow. */
function outboxOf({ deliveries = [() => {}], storage = new FakeStorage(), clock = new FakeClock(), owner = "7" } = {}) {
  const sent = [];
  const pauses = [];
  const network = new EventTarget();
  const outbox = new Outbox({
    owner,
    deliver: async (each) => {
      sent.push(structuredClone(each.body));
      await (deliveries.length > 1 ? deliveries.shift() : deliveries[0])(each);
    },
    onTrouble: (seconds) => pauses.push(seconds),
    storage,
    clock,
    network,
  });
  return { outbox, sent, pauses, storage, clock, network };
}

function unreachable() {
  throw new Unreachable("no network");
}

test("a judgment is stored until it is delivered", async () => {
  let deliver = () => {};
  const { outbox, storage } = outboxOf({ deliveries: [() => new Promise((done) => (deliver = done))] });
  outbox.add(judgment());
  await settle();
  assert.equal(storage.length, 1);
  assert.equal(outbox.isEmpty, false);
  deliver();
  await settle();
  assert.equal(storage.length, 0);
  assert.equal(outbox.isEmpty, true);
});

test("the next outbox of the same person delivers what is stored, oldest first; another person's does not", async () => {
  const { outbox, storage } = outboxOf({ deliveries: [() => new Promise(() => {})] });
  const [first, second] = [judgment("left"), judgment("right")];
  outbox.add(second);
  outbox.add(first);
  assert.deepEqual(outboxOf({ storage, owner: "8" }).outbox.pending, []);
  const next = outboxOf({ storage });
  assert.deepEqual(next.outbox.pending.map((each) => each.body.choice), ["left", "right"]);
  await next.outbox.send();
  assert.deepEqual(next.sent.map((body) => body.choice), ["left", "right"]);
});

test("a browser that stores nothing, or something broken, still delivers", async () => {
  const storage = new FakeStorage();
  storage.setItem("outbox:7:broken", "{");
  const { outbox, sent } = outboxOf({ storage });
  storage.isFull = true;
  outbox.add(judgment());
  await settle();
  assert.equal(sent.length, 1);
});

test("it tries again with pauses that double up to half a minute", async () => {
  const { outbox, pauses, clock, sent } = outboxOf({ deliveries: [unreachable] });
  outbox.add(judgment());
  await clock.advance(120_000);
  assert.deepEqual(pauses.slice(0, 8), [1, 2, 4, 8, 16, 30, 30, 30]);
  assert.equal(new Set(sent.map((body) => body.key)).size, 1);
});

test("back on the network it tries at once", async () => {
  const { outbox, sent, network } = outboxOf({ deliveries: [unreachable, () => {}] });
  outbox.add(judgment());
  await settle();
  network.dispatchEvent(new Event("online"));
  await settle();
  assert.equal(sent.length, 2);
  assert.equal(outbox.isEmpty, true);
});

test("what rests is sent when its rest is over, and each amendment starts the rest again", async () => {
  const { outbox, sent, clock } = outboxOf();
  const resting = judgment();
  outbox.add(resting, 600);
  await clock.advance(500);
  assert.equal(outbox.amend(resting.body.key, { strength: 2 }), true);
  await clock.advance(500);
  assert.deepEqual(sent, []);
  await clock.advance(100);
  assert.deepEqual(sent.map((body) => body.strength), [2]);
  assert.equal(outbox.amend(resting.body.key, { strength: 3 }), false);
});

test("an amendment is stored", () => {
  const { outbox, storage } = outboxOf();
  const resting = judgment();
  outbox.add(resting, 600);
  outbox.amend(resting.body.key, { strength: 3 });
  assert.equal(outboxOf({ storage }).outbox.pending[0].body.strength, 3);
});

test("judgments that follow wait for the one that rests, and rest no longer than it", async () => {
  const { outbox, sent, clock } = outboxOf();
  outbox.add(judgment("left"), 600);
  await clock.advance(300);
  outbox.add(judgment("right"));
  await settle();
  assert.deepEqual(sent, []);
  await clock.advance(300);
  assert.deepEqual(sent.map((body) => body.choice), ["left", "right"]);
});

test("a judgment that was not sent is withdrawn, also from the storage", async () => {
  const { outbox, sent, storage, clock } = outboxOf();
  const resting = judgment();
  outbox.add(resting, 600);
  assert.equal(outbox.withdraw(resting.body.key), true);
  assert.equal(storage.length, 0);
  await clock.advance(1000);
  assert.deepEqual(sent, []);
  assert.equal(outbox.withdraw(resting.body.key), false);
});

test("the one that is being sent is not withdrawn, those after it are", async () => {
  const { outbox } = outboxOf({ deliveries: [unreachable] });
  const [first, second] = [judgment(), judgment()];
  outbox.add(first);
  outbox.add(second);
  await settle();
  assert.equal(outbox.withdraw(first.body.key), false);
  assert.equal(outbox.withdraw(second.body.key), true);
});

test("without a sign-in everything waits until it is tried again", async () => {
  const signIn = () => {
    throw refused(401);
  };
  const { outbox, sent } = outboxOf({ deliveries: [signIn, () => {}] });
  outbox.add(judgment("left"));
  await settle();
  outbox.add(judgment("right"));
  await settle();
  assert.equal(sent.length, 1);
  outbox.retryNow();
  await settle();
  assert.deepEqual(sent.map((body) => body.choice), ["left", "left", "right"]);
});

test("idle waits for what is being sent", async () => {
  const { outbox, clock } = outboxOf({ deliveries: [unreachable, () => {}] });
  outbox.add(judgment());
  let isIdle = false;
  void outbox.idle().then(() => (isIdle = true));
  await settle();
  assert.equal(isIdle, false);
  await clock.advance(1000);
  assert.equal(isIdle, true);
});

test("two judgments wait for room on the server's disk, and neither is lost", async () => {
  const statuses = [507, 201, 507, 201];
  const storage = new FakeStorage();
  const clock = new FakeClock();
  globalThis.document = { cookie: "csrftoken=a", querySelector: () => null };
  globalThis.fetch = async () => Response.json({}, { status: statuses.shift() });
  const { outbox, pauses } = outboxOf({ deliveries: [(each) => call("POST", each.url, each.body)], storage, clock });
  outbox.add(judgment());
  outbox.add(judgment());
  await settle();
  assert.deepEqual([outbox.pending.length, storage.length, pauses], [2, 2, [1]]);
  await clock.advance(5000);
  assert.deepEqual([outbox.isEmpty, storage.length, statuses], [true, 0, []]);
});

test("what another tab has undone is not sent; where that cannot be read, everything is", async () => {
  const storage = new FakeStorage();
  const first = outboxOf({ storage, deliveries: [() => new Promise(() => {})] });
  const [sending, undone, kept] = [judgment(), judgment(), judgment()];
  for (const each of [sending, undone, kept]) first.outbox.add(each);
  const second = outboxOf({ storage });
  const blind = outboxOf({ storage });
  first.outbox.withdraw(undone.body.key);
  await second.outbox.send();
  assert.deepEqual(second.sent.map((body) => body.key), [sending.body.key, kept.body.key]);
  storage.getItem = () => {
    throw new Error("SecurityError");
  };
  await blind.outbox.send();
  assert.equal(blind.sent.length, 3);
});
