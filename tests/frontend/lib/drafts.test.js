import assert from "node:assert/strict";
import test from "node:test";

import { Drafts } from "../../../frontend/js/lib/drafts.js";

/** A tab's storage. */
class Tab {
  #values = new Map();
  get length() {
    return this.#values.size;
  }
  key(index) {
    return [...this.#values.keys()][index] ?? null;
  }
  getItem(name) {
    return this.#values.get(name) ?? null;
  }
  setItem(name, value) {
    this.#values.set(name, value);
  }
  removeItem(name) {
    this.#values.delete(name);
  }
}

const FIELDS = [["reason", "It is true."]];
const DRAFT = { user: "7", page: "/settings/?tab=rules", fields: FIELDS };

test("a form that the server has answered is forgotten", () => {
  const drafts = new Drafts(new Tab());
  drafts.keep("/settings/", DRAFT);
  drafts.forgetSent();
  drafts.lose();
  assert.equal(drafts.take("/settings/", "7"), null);
});

test("a lost form comes back once, on its own page, and survives other pages before", () => {
  const drafts = new Drafts(new Tab());
  drafts.keep("/settings/", DRAFT);
  drafts.lose();
  drafts.forgetSent();
  assert.equal(drafts.lostPage, "/settings/?tab=rules");
  assert.equal(drafts.take("/people/", "7"), null);
  assert.deepEqual(drafts.take("/settings/", "7"), FIELDS);
  assert.equal(drafts.take("/settings/", "7"), null);
  assert.equal(drafts.lostPage, "");
});

test("nobody else gets a person's entries", () => {
  const drafts = new Drafts(new Tab());
  drafts.keep("/settings/", DRAFT);
  drafts.lose();
  assert.equal(drafts.take("/settings/", "8"), null);
  assert.equal(drafts.take("/settings/", "7"), null);
});

test("signing out forgets lost forms too, and nothing else in the tab", () => {
  const tab = new Tab();
  tab.setItem("theme", "dark");
  const drafts = new Drafts(tab);
  drafts.keep("/settings/", DRAFT);
  drafts.lose();
  drafts.forgetAll();
  assert.equal(drafts.take("/settings/", "7"), null);
  assert.equal(tab.getItem("theme"), "dark");
});

test("a browser that keeps nothing breaks nothing", () => {
  const full = new Tab();
  full.setItem = () => {
    throw new Error("QuotaExceededError");
  };
  const drafts = new Drafts(full);
  drafts.keep("/settings/", DRAFT);
  drafts.lose();
  assert.equal(drafts.take("/settings/", "7"), null);
});
