import assert from "node:assert/strict";
import { test } from "node:test";

import { FakeServer, settle } from "../fakes.js";
import { Annotator } from "./annotator.js";

/** Somebody who judged twice without a network, and what the next page of theirs has. */
async function offline() {
  const annotator = new Annotator();
  await annotator.start();
  annotator.server.isReachable = false;
  await annotator.judge("left");
  await annotator.judge("right");
  return annotator;
}

test("without a network one goes on with the pairs ahead, and is told when it is tried again", async () => {
  const annotator = await offline();
  assert.deepEqual(annotator.shown, [2, 3]);
  assert.equal(annotator.session.pendingCount, 2);
  assert.deepEqual(annotator.trouble, { kind: "offline", seconds: 1 });
});

test("everything arrives once and in order when the network is back", async () => {
  const annotator = await offline();
  annotator.server.isReachable = true;
  annotator.network.dispatchEvent(new Event("online"));
  await settle();
  assert.deepEqual(annotator.choices, ["left", "right"]);
  assert.equal(annotator.trouble, null);
});

test("a page that comes without the server goes on where the earlier one was", async () => {
  const before = await offline();
  const { state } = before.session;
  const annotator = new Annotator({ clock: before.clock, storage: before.storage, server: before.server });
  annotator.session.resume(structuredClone(state));
  assert.equal(annotator.session.assignment.id, 3);
  assert.deepEqual(annotator.reasons, ["found"]);
  assert.equal(annotator.session.pendingCount, 2);
  before.server.isReachable = true;
  await annotator.clock.advance(60_000);
  assert.deepEqual(annotator.choices, ["left", "right"]);
});

test("after a resume the pending judgments can be undone, newest first, with their pairs", async () => {
  const before = await offline();
  const annotator = new Annotator({ clock: before.clock, storage: before.storage, server: before.server });
  annotator.session.resume(structuredClone(before.session.state));
  await annotator.session.undo(); // the second one was never sent
  assert.equal(annotator.session.assignment.id, 2);
  assert.equal(annotator.earlier.choice, "right");
  assert.equal(annotator.session.pendingCount, 1);
});

test("a resumed page without pending judgments asks what is held, for as long as it takes", async () => {
  const before = new Annotator();
  await before.start();
  const server = new FakeServer(before.clock);
  server.isReachable = false;
  const annotator = new Annotator({ clock: before.clock, server });
  annotator.session.resume(structuredClone(before.session.state));
  assert.equal(annotator.session.assignment.id, 1);
  await settle();
  assert.deepEqual(annotator.trouble, { kind: "offline", seconds: 1 });
  server.open = [1, 4, 5];
  server.isReachable = true;
  await annotator.clock.advance(1000);
  assert.equal(annotator.trouble, null);
  assert.deepEqual(annotator.session.state.pairs.map((pair) => pair.id), [1, 4, 5]);
});

test("a resumed page with nothing held waits, and shows a pair when the server has one", async () => {
  const annotator = new Annotator();
  annotator.session.resume({ pairs: [], progress: null });
  assert.equal(annotator.session.isBusy, true);
  await settle();
  assert.deepEqual(annotator.shown, [1]);
  assert.equal(annotator.session.isBusy, false);
});

test("a look that nobody asked for says no longer that the network is away once it is back", async () => {
  const annotator = new Annotator();
  annotator.server.open = [];
  await annotator.start();
  annotator.server.isReachable = false;
  const looked = annotator.session.lookForMore({ isQuiet: true });
  await settle();
  assert.deepEqual(annotator.trouble, { kind: "offline", seconds: 1 });
  annotator.server.isReachable = true;
  await annotator.clock.advance(1000);
  await looked;
  assert.equal(annotator.trouble, null);
  assert.deepEqual(annotator.shown, []);
});

test("a notice about judgments that another tab has delivered goes", async () => {
  const before = await offline();
  const annotator = new Annotator({ clock: before.clock, storage: before.storage, server: before.server });
  annotator.session.resume(structuredClone(before.session.state));
  await settle();
  assert.equal(annotator.trouble.kind, "offline");
  before.server.isReachable = true;
  before.network.dispatchEvent(new Event("online"));
  await settle();
  assert.deepEqual(annotator.choices, ["left", "right"]);
  await annotator.clock.advance(1000);
  assert.equal(annotator.session.pendingCount, 0);
  assert.equal(annotator.trouble, null);
});
