import assert from "node:assert/strict";
import { test } from "node:test";

import { refused, settle } from "../fakes.js";
import { Annotator } from "./annotator.js";

test("a judgment that was not sent yet is undone at once, without the server", async () => {
  const annotator = new Annotator();
  await annotator.start();
  const calls = annotator.server.calls.length;
  await annotator.judge("left", 600);
  await annotator.session.undo();
  assert.deepEqual(annotator.shown, [2, 1]);
  assert.equal(annotator.reasons.at(-1), "undone");
  assert.deepEqual(annotator.earlier, { choice: "left", strength: 1 });
  await annotator.clock.advance(1000);
  assert.equal(annotator.server.calls.length, calls);
  assert.deepEqual(annotator.session.state.pairs.map((pair) => pair.id), [1, 2, 3]);
});

test("a delivered judgment is undone on the server, and its pair comes before the one on the page", async () => {
  const annotator = new Annotator();
  await annotator.start();
  await annotator.judge("left");
  await annotator.session.undo();
  assert.deepEqual(annotator.choices, []);
  assert.equal(annotator.session.assignment.id, 1);
  assert.deepEqual(annotator.earlier, { choice: "left" });
  assert.equal(annotator.progress.judged, 0);
});

test("several judgments are undone from the newest to the oldest", async () => {
  const annotator = new Annotator();
  await annotator.start();
  for (const choice of ["left", "right"]) await annotator.judge(choice);
  await annotator.session.undo();
  await annotator.session.undo();
  assert.deepEqual(annotator.shown, [2, 3, 2, 1]);
  assert.equal(annotator.session.canUndo, false);
});

test("a judgment of an earlier page can be undone too", async () => {
  const annotator = new Annotator();
  annotator.server.open = [2, 3];
  annotator.server.judgments = [{ id: 1, choice: "left", key: "k" }];
  await annotator.start(1);
  assert.equal(annotator.session.canUndo, true);
  await annotator.session.undo();
  assert.equal(annotator.session.assignment.id, 1);
  assert.equal(annotator.earlier, null);
});

test("undo waits for a judgment that is being sent", async () => {
  const annotator = new Annotator();
  await annotator.start();
  annotator.server.isReachable = false;
  await annotator.judge("left");
  const undone = annotator.session.undo();
  await settle();
  assert.equal(annotator.session.isBusy, true);
  annotator.server.isReachable = true;
  await annotator.clock.advance(1000);
  await undone;
  assert.deepEqual(annotator.choices, []);
  assert.equal(annotator.session.assignment.id, 1);
});

test("a second undo while one is under way does nothing", async () => {
  const annotator = new Annotator();
  await annotator.start();
  await annotator.judge("left");
  await annotator.judge("right");
  const first = annotator.session.undo();
  await annotator.session.undo();
  await first;
  assert.deepEqual(annotator.choices, ["left"]);
});

test("a judgment past undoing is explained, nothing earlier can be undone, and the pair on the page stays", async () => {
  const annotator = new Annotator();
  await annotator.start();
  await annotator.judge("left");
  annotator.server.refusal = refused(409, "/problems/too-late", "It is too late to undo it.");
  await annotator.session.undo();
  assert.deepEqual(annotator.trouble, { kind: "refused", message: "It is too late to undo it." });
  assert.equal(annotator.session.canUndo, false);
  assert.deepEqual(annotator.shown, [2]); // it is not shown again, which would empty its answers
  assert.equal(annotator.session.assignment.id, 2);
});

test("a pair that is no longer held makes way once an undo is refused", async () => {
  const annotator = new Annotator();
  await annotator.start();
  await annotator.judge("left");
  annotator.server.open = [5, 6];
  annotator.server.refusal = refused(409, "/problems/too-late", "It is too late to undo it.");
  await annotator.session.undo();
  assert.deepEqual(annotator.shown, [2, 5]);
});

test("a delivered flag is undone as any judgment is", async () => {
  const annotator = new Annotator();
  await annotator.start();
  annotator.session.judge({ choice: "skip", flag: "harm" });
  await settle();
  assert.equal(annotator.session.undoRefusal, null);
  await annotator.session.undo();
  assert.deepEqual(annotator.choices, []);
  assert.equal(annotator.session.assignment.id, 1);
});

test("a flag that was not sent yet is taken back", async () => {
  const annotator = new Annotator();
  await annotator.start();
  annotator.server.isReachable = false;
  await annotator.judge("left");
  annotator.session.judge({ choice: "skip", flag: "harm" });
  await settle();
  await annotator.session.undo();
  assert.equal(annotator.session.pendingCount, 1);
  assert.equal(annotator.session.assignment.id, 2);
});

test("nothing is undone where the campaign undoes nothing, or once the time for it is over", async () => {
  const never = new Annotator({ place: { undoSeconds: 0 } });
  await never.start();
  await never.judge("left");
  assert.equal(never.session.undoRefusal, "never");
  const late = new Annotator({ place: { undoSeconds: 5 } });
  await late.start();
  await late.judge("left");
  assert.equal(late.session.undoRefusal, null);
  await late.clock.advance(6000);
  assert.equal(late.session.canUndo, false);
  await late.session.undo();
  assert.deepEqual(late.undoRefusals, ["late"]);
});

test("a refused judgment is given back to the page", async () => {
  const annotator = new Annotator();
  await annotator.start();
  annotator.server.refusal = refused(400, "/problems/invalid", "Say left, right or tie.");
  annotator.session.judge({ choice: "left", comment: "So it is." });
  await settle();
  assert.deepEqual(annotator.dropped.map(({ comment }) => comment), ["So it is."]);
});

test("a refusal for another reason keeps the history", async () => {
  const annotator = new Annotator();
  await annotator.start();
  await annotator.judge("left");
  annotator.server.refusal = refused(403, "/problems/not-allowed", "You are paused.");
  await annotator.session.undo();
  assert.deepEqual(annotator.trouble, { kind: "refused", message: "You are paused." });
  assert.equal(annotator.session.canUndo, true);
});

test("at most fifty judgments can be undone", async () => {
  const annotator = new Annotator();
  annotator.server.open = Array.from({ length: 60 }, (_, index) => index + 1);
  await annotator.start();
  for (let count = 0; count < 55; count += 1) await annotator.judge("left");
  let undone = 0;
  for (; annotator.session.canUndo; undone += 1) await annotator.session.undo();
  assert.equal(undone, 50);
});
