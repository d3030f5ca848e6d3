import assert from "node:assert/strict";
import { test } from "node:test";

import { Turns } from "../../../frontend/js/judging/turns.js";
import { settle } from "../fakes.js";

test("errands run one after the other, also after one that failed", async () => {
  const turns = new Turns();
  const log = [];
  let finish = () => {};
  const first = turns.take(() => new Promise((done) => (finish = () => done(log.push("first")))));
  const second = turns.take(async () => {
    log.push("second");
    throw new Error("no");
  });
  const third = turns.take(async () => log.push("third"));
  await settle();
  assert.deepEqual(log, []);
  finish();
  await first;
  await assert.rejects(second);
  await third;
  assert.deepEqual(log, ["first", "second", "third"]);
});
