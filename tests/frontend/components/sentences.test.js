import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.matchMedia = () => ({ matches: false });
globalThis.HTMLButtonElement = class {
  constructor(value, reason) {
    Object.assign(this, { value, dataset: { reason } });
  }
};
globalThis.document = { querySelectorAll: () => [new globalThis.HTMLButtonElement("Language", "I do not read this language")] };
const { judgmentSentence, troubleSentence } = await import("../../../frontend/js/components/annotate/sentences.js");

test("the sentence of a judgment says all that was said", () => {
  assert.equal(judgmentSentence({ choice: "left", strength: 3 }), "Left is much better.");
  assert.equal(judgmentSentence({ choice: "left", strength: 3, edit: "So." }), "Left is much better. With your improved text.");
  assert.equal(judgmentSentence({ choice: "skip" }), "Skipped.");
  assert.equal(judgmentSentence({ choice: "skip", skip_reason: "Language" }), "Skipped: I do not read this language.");
  assert.equal(judgmentSentence({ choice: "skip", skip_reason: "Gone since" }), "Skipped: Gone since.");
  assert.equal(judgmentSentence({ choice: "skip", flag: "harm" }), "Flagged: harmful. A lead will look.");
});

test("the reader is told that judgments are kept, and what to do", () => {
  const sentences = ["signed-out", "second-factor", "own-password", "stale-page"].map((kind) => troubleSentence({ kind }));
  assert.equal(new Set(sentences).size, 4);
  for (const sentence of sentences) assert.match(sentence, /Your judgments are kept here: /);
});
