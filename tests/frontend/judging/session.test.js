import assert from "node:assert/strict";
import { test } from "node:test";

import { FakeServer, FakeStorage, refused, settle } from "../fakes.js";
import { Annotator } from "./annotator.js";

test("the pairs that follow are fetched once the first one is on the page", async () => {
  const annotator = new Annotator();
  await annotator.start();
  assert.deepEqual(annotator.session.state.pairs.map((pair) => pair.id), [1, 2, 3]);
  assert.equal(annotator.session.isBusy, false);
});

test("nothing is fetched ahead in a campaign that holds nothing ahead", async () => {
  const annotator = new Annotator({ place: { ahead: 0 } });
  await annotator.start();
  assert.deepEqual(annotator.server.calls, []);
});

test("a judgment shows the next pair before the server has replied", async () => {
  const annotator = new Annotator();
  await annotator.start();
  annotator.session.judge({ choice: "left" });
  assert.deepEqual(annotator.shown, [2]);
  assert.deepEqual(annotator.reasons, ["judged"]);
  assert.deepEqual(annotator.choices, []);
  await settle();
  assert.deepEqual(annotator.choices, ["left"]);
  assert.deepEqual(annotator.arrived, ["left"]);
});

test("judgments arrive one after the other and in order", async () => {
  const annotator = new Annotator();
  await annotator.start();
  for (const choice of ["left", "right", "tie"]) annotator.session.judge({ choice });
  assert.equal(annotator.session.pendingCount, 3);
  await settle();
  assert.deepEqual(annotator.choices, ["left", "right", "tie"]);
  assert.equal(annotator.session.pendingCount, 0);
});

test("a judgment says how long its pair was on the page, with a key of its own", async () => {
  const annotator = new Annotator();
  await annotator.start();
  annotator.session.judge({ choice: "left" });
  annotator.session.judge({ choice: "right" });
  const [first, second] = annotator.session.outbox.pending;
  assert.equal(typeof first.body.seconds, "number");
  assert.notEqual(first.body.key, second.body.key);
});

test("without a pair ahead the page waits for the server, and judges nothing meanwhile", async () => {
  const annotator = new Annotator({ place: { ahead: 0 } });
  await annotator.start();
  annotator.session.judge({ choice: "left" });
  assert.equal(annotator.session.isBusy, true);
  annotator.session.judge({ choice: "right" });
  assert.equal(annotator.session.pendingCount, 1);
  await settle();
  assert.deepEqual(annotator.shown, [2]);
  assert.equal(annotator.session.isBusy, false);
  assert.deepEqual(annotator.choices, ["left"]);
});

test("after the last pair the page says that nothing is left", async () => {
  const annotator = new Annotator({ place: { ahead: 1 } });
  annotator.server.open = [1];
  await annotator.start();
  await annotator.judge("left");
  assert.deepEqual(annotator.shown, [null]);
  assert.equal(annotator.session.isBusy, false);
});

test("looking for more shows what was added meanwhile", async () => {
  const annotator = new Annotator();
  annotator.server.open = [];
  await annotator.start();
  annotator.server.open = [8, 9];
  await annotator.session.lookForMore();
  assert.deepEqual(annotator.shown, [8]);
  assert.deepEqual(annotator.reasons, ["found"]);
  await annotator.judge("left");
  assert.deepEqual(annotator.shown, [8, 9]);
});

test("a look that nobody asked for leaves a page without pairs as it is, with its notice", async () => {
  const annotator = new Annotator();
  annotator.server.open = [];
  await annotator.start();
  annotator.showTrouble({ kind: "refused", message: "No." });
  await annotator.session.lookForMore({ isQuiet: true });
  assert.deepEqual(annotator.shown, []);
  assert.deepEqual(annotator.trouble, { kind: "refused", message: "No." });
  annotator.server.open = [8];
  await annotator.session.lookForMore({ isQuiet: true });
  assert.deepEqual(annotator.shown, [8]);
  assert.equal(annotator.trouble, null);
});

test("a look that somebody asked for says that there is still nothing", async () => {
  const annotator = new Annotator();
  annotator.server.open = [];
  await annotator.start();
  await annotator.session.lookForMore();
  assert.deepEqual(annotator.shown, [null]);
});

test("progress counts what the server has", async () => {
  const annotator = new Annotator();
  await annotator.start();
  await annotator.judge("left");
  assert.equal(annotator.progress.judged, 1);
  assert.equal(annotator.session.state.progress.judged, 1);
});

test("a pair that the server no longer holds for somebody is not shown", async () => {
  const annotator = new Annotator();
  await annotator.start();
  annotator.server.open = [1, 3, 4]; // the second one's lease is over
  await annotator.judge("left"); // 2 is on the page already
  assert.deepEqual(annotator.session.state.pairs.map((pair) => pair.id), [2, 3, 4]);
});

test("a refused judgment is dropped, explained, and what is held is replaced", async () => {
  const annotator = new Annotator();
  await annotator.start();
  annotator.server.refusal = refused(409, "/problems/already-judged", "You have judged it already.");
  annotator.server.open = [5, 6];
  await annotator.judge("left");
  assert.deepEqual(annotator.trouble, { kind: "refused", message: "You have judged it already." });
  assert.equal(annotator.session.pendingCount, 0);
  assert.equal(annotator.session.canUndo, false);
  assert.deepEqual(annotator.shown, [2, 5]);
  assert.deepEqual(annotator.session.state.pairs.map((pair) => pair.id), [5, 6]);
});

test("a refusal keeps the pair on the page where it is still held", async () => {
  const annotator = new Annotator();
  await annotator.start();
  annotator.server.refusal = refused(400, "/problems/invalid", "Say left, right or tie.");
  annotator.server.open = [2, 3, 4];
  await annotator.judge("left");
  assert.deepEqual(annotator.shown, [2]);
  assert.deepEqual(annotator.session.state.pairs.map((pair) => pair.id), [2, 3, 4]);
});

test("somebody who is signed out loses nothing: it goes out after signing in", async () => {
  const annotator = new Annotator();
  await annotator.start();
  annotator.server.refusal = refused(403, "/problems/not-authenticated");
  await annotator.judge("left");
  assert.deepEqual(annotator.trouble, { kind: "signed-out" });
  await annotator.judge("right");
  assert.equal(annotator.session.pendingCount, 2);
  assert.deepEqual(annotator.choices, []);
  annotator.session.retryNow();
  await settle();
  assert.deepEqual(annotator.choices, ["left", "right"]);
  assert.equal(annotator.trouble, null);
});

test("whatever the reader has to do first, their judgments are kept until it is done", async () => {
  for (const [type, kind] of [["/problems/second-factor-required", "second-factor"], ["/problems/password-change-required", "own-password"], ["/problems/permission-denied", "stale-page"]]) {
    const annotator = new Annotator();
    await annotator.start();
    annotator.server.refusal = refused(403, type);
    await annotator.judge("left");
    assert.deepEqual([annotator.trouble, annotator.session.pendingCount], [{ kind }, 1]);
    annotator.session.retryNow();
    await settle();
    assert.deepEqual([annotator.choices, annotator.session.pendingCount, annotator.trouble], [["left"], 0, null]);
  }
});

test("the key pressed again makes the last judgment stronger while it rests, up to the strongest", async () => {
  const annotator = new Annotator();
  await annotator.start();
  await annotator.judge("left", 600);
  assert.equal(annotator.session.strengthen("right"), false);
  assert.deepEqual([1, 2, 3].map(() => annotator.session.strengthen("left")), [true, true, true]);
  assert.deepEqual(annotator.choices, []);
  await annotator.clock.advance(600);
  assert.equal(annotator.server.judgments[0].strength, 3);
  assert.equal(annotator.session.strengthen("left"), false); // it was sent
  assert.deepEqual(annotator.drafts.map((draft) => draft.strength), [1, 2, 3, 3]);
});

test("what an earlier page left undelivered is sent first, and its pair is not shown again", async () => {
  const earlier = new Annotator();
  await earlier.start();
  earlier.server.isReachable = false;
  await earlier.judge("tie");
  const server = new FakeServer(earlier.clock);
  const annotator = new Annotator({ clock: earlier.clock, storage: earlier.storage, server });
  annotator.session.start(server.pair(1), null);
  assert.equal(annotator.session.assignment, null);
  assert.equal(annotator.session.isBusy, true);
  await settle();
  assert.deepEqual(annotator.choices, ["tie"]);
  assert.deepEqual(annotator.shown, [2]);
});

test("judgments of another campaign are delivered too, and change nothing here", async () => {
  const other = new Annotator({ place: { campaign: "rhymes" } });
  await other.start();
  other.server.isReachable = false;
  await other.judge("tie");
  const annotator = new Annotator({ clock: other.clock, storage: other.storage });
  annotator.server.open = [11, 12];
  await annotator.start();
  assert.equal(annotator.session.assignment.id, 11);
  assert.deepEqual(annotator.choices, ["tie"]);
  assert.deepEqual(annotator.arrived, []);
});

test("a judgment that newer rules refuse says so, and that the page has to be loaded again", async () => {
  const annotator = new Annotator();
  await annotator.start();
  annotator.server.refusal = refused(422, "/problems/invalid-judgment", "This campaign does not allow ties.");
  await annotator.judge("tie");
  const message = "This campaign does not allow ties. The campaign's rules may have changed: load the page again.";
  assert.deepEqual(annotator.trouble, { kind: "refused", message, isStale: true });
  assert.equal(annotator.session.pendingCount, 0);
});

test("the server is told of no more pairs than it takes, and of this campaign's only", async () => {
  const storage = new FakeStorage();
  for (let at = 1; at <= 130; at += 1) {
    const pending = { url: "/x/", campaign: at <= 10 ? "other" : "sums", assignment: 1000 + at, body: { choice: "left", key: `k${at}` }, at };
    storage.setItem(`outbox:7:k${at}`, JSON.stringify(pending));
  }
  const { have } = new Annotator({ storage }).session.workspace;
  assert.equal(have.length, 100);
  assert.equal(have[0], 1011);
});

test("an entry that another tab has undone is not sent, and the pair on the page may be judged again", async () => {
  const storage = new FakeStorage();
  const first = new Annotator({ storage });
  await first.start();
  first.server.isReachable = false;
  await first.judge("left");
  const second = new Annotator({ clock: first.clock, storage, server: first.server });
  storage.removeItem([...Array(storage.length).keys()].map((index) => storage.key(index))[0]); // the first tab undoes it
  first.server.isReachable = true;
  await second.start();
  assert.deepEqual(second.choices, []);
  assert.equal(second.session.assignment.id, 1);
  assert.equal(second.session.isBusy, false);
  assert.equal(second.session.pendingCount, 0);
});
