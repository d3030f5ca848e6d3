import assert from "node:assert/strict";
import { test } from "node:test";

import { StatusNote } from "../../../frontend/js/components/annotate/status_note.js";

test("a sentence that no longer holds is taken away, and no other", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const line = { textContent: "" };
  const note = new StatusNote(line, { hidden: true, textContent: "" });
  note.show("Answer “Wit” first.");
  note.clear("Answer “Truth” first.");
  assert.equal(line.textContent, "Answer “Wit” first.");
  note.clear("Answer “Wit” first.");
  assert.equal(line.textContent, "");
  note.show("Tie.");
  note.clear("");
  assert.equal(line.textContent, "Tie.");
  context.mock.timers.tick(4000);
  assert.equal(line.textContent, "");
});
