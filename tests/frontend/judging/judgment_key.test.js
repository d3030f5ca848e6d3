import assert from "node:assert/strict";
import { test } from "node:test";

import { newJudgmentKey } from "../../../frontend/js/judging/judgment_key.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("a key is a random UUID, never the same twice", () => {
  assert.match(newJudgmentKey(), UUID);
  assert.notEqual(newJudgmentKey(), newJudgmentKey());
});

test("so it is over plain HTTP, where the browser offers none", () => {
  const own = Object.getOwnPropertyDescriptor(crypto, "randomUUID");
  Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
  try {
    assert.match(newJudgmentKey(), UUID);
    assert.notEqual(newJudgmentKey(), newJudgmentKey());
  } finally {
    if (own) Object.defineProperty(crypto, "randomUUID", own);
    else delete crypto.randomUUID;
  }
});
