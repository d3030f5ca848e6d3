import assert from "node:assert/strict";
import { test } from "node:test";

import { gettext, interpolate, ngettext } from "../../../frontend/js/lib/translation.js";

test("without a catalogue sentences are English", () => {
  assert.equal(gettext("Close"), "Close");
  assert.equal(ngettext("%(count)s pair", "%(count)s pairs", 1), "%(count)s pair");
  assert.equal(ngettext("%(count)s pair", "%(count)s pairs", 0), "%(count)s pairs");
});

test("values take the place of their names; unknown names stay", () => {
  assert.equal(interpolate("%(done)s of %(total)s", { done: 0, total: 12 }), "0 of 12");
  assert.equal(interpolate("%(what)s", {}), "%(what)s");
});
