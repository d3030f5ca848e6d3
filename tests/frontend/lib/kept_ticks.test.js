import assert from "node:assert/strict";
import test from "node:test";

import { KeptTicks } from "../../../frontend/js/lib/kept_ticks.js";

/** A tab's storage. */
class Tab extends Map {
  get length() {
    return this.size;
  }
  key(index) {
    return [...this.keys()][index] ?? null;
  }
  getItem(name) {
    return this.get(name) ?? null;
  }
  setItem(name, value) {
    this.set(name, value);
  }
  removeItem(name) {
    this.delete(name);
  }
}

test("ticks of one page are known on the next, and those of another list are not", () => {
  const tab = new Tab();
  const first = new KeptTicks(tab, "/prompts/?");
  first.set("1", true);
  first.set("2", true);
  first.set("2", false);
  const next = new KeptTicks(tab, "/prompts/?");
  assert.deepEqual(next.besides(["3"]), ["1"]);
  assert.deepEqual(next.besides(["1"]), []);
  assert.equal(new KeptTicks(tab, "/prompts/?tag=a").has("1"), false);
});

test("an act that used the ticks ends all of them and nothing else", () => {
  const tab = new Tab([["draft", "words"]]);
  new KeptTicks(tab, "/prompts/?").set("1", true);
  new KeptTicks(tab, "/comparisons/?").set("2", true);
  KeptTicks.forgetAll(tab);
  assert.deepEqual([...tab], [["draft", "words"]]);
});
