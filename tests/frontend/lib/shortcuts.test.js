import assert from "node:assert/strict";
import { test } from "node:test";

import { onKeys } from "../../../frontend/js/lib/shortcuts.js";

/** A page on which "t" does something; dialog: whether one is open. */
function page({ dialog = false } = {}) {
  const target = new EventTarget();
  target.querySelector = () => (dialog ? {} : null);
  let pressed = 0;
  onKeys((event) => (event.key === "t" ? () => (pressed += 1) : null), target);
  return ({ focused, isPrevented, ...properties } = {}) => {
    const event = Object.assign(new Event("keydown", { cancelable: true }), { key: "t", ...properties });
    if (focused) Object.defineProperty(event, "target", { value: focused });
    if (isPrevented) event.preventDefault();
    const before = pressed;
    target.dispatchEvent(event);
    return { acted: pressed > before, prevented: event.defaultPrevented };
  };
}

test("a key that does something is the page's alone", () => {
  assert.deepEqual(page()(), { acted: true, prevented: true });
});

test("a key that does nothing is left to the browser", () => {
  assert.deepEqual(page()({ key: "x" }), { acted: false, prevented: false });
});

test("keys of the browser, held keys and keys of an input method do nothing", () => {
  for (const held of ["ctrlKey", "metaKey", "repeat", "isComposing"]) {
    assert.equal(page()({ [held]: true }).acted, false, held);
  }
  assert.equal(page()({ isPrevented: true }).acted, false);
});

test("nothing happens while somebody types, or a dialog is open", () => {
  const element = (selector, isContentEditable = false) => ({
    isContentEditable,
    matches: (selectors) => selectors.split(", ").includes(selector),
  });
  for (const field of ["input", "textarea", "select"]) assert.equal(page()({ focused: element(field) }).acted, false, field);
  assert.equal(page()({ focused: element("div", true) }).acted, false);
  assert.equal(page()({ focused: element("button") }).acted, true);
  assert.equal(page({ dialog: true })().acted, false);
});
