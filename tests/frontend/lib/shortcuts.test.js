import assert from "node:assert/strict";
import { test } from "node:test";

import { onKeys } from "../../../frontend/js/lib/shortcuts.js";

/** A page on which a key does something; dialog: whether one is open. */
function page({ dialog = false, key: bound = "t" } = {}) {
  const target = new EventTarget();
  target.querySelector = () => (dialog ? {} : null);
  let pressed = 0;
  onKeys((event) => (event.key === bound ? () => (pressed += 1) : null), target);
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

test("keys of the browser, and keys of an input method, do nothing", () => {
  for (const held of ["ctrlKey", "metaKey", "isComposing"]) {
    assert.deepEqual(page()({ [held]: true }), { acted: false, prevented: false }, held);
  }
  assert.equal(page()({ isPrevented: true }).acted, false);
});

test("a key held down acts once, and does nothing else meanwhile", () => {
  assert.deepEqual(page()({ repeat: true }), { acted: false, prevented: true });
  assert.deepEqual(page()({ repeat: true, key: "x" }), { acted: false, prevented: false });
});

test("nothing happens where somebody types, or while a dialog is open", () => {
  const field = (localName, type) => ({ localName, type, isContentEditable: false });
  const typedIn = ["text", "search", "email", "number", "password", "date", "url", "tel"].map((type) => field("input", type));
  for (const focused of [...typedIn, field("textarea"), field("select"), { localName: "div", isContentEditable: true }]) {
    assert.deepEqual(page()({ focused }), { acted: false, prevented: false }, focused.type ?? focused.localName);
  }
  assert.equal(page({ dialog: true })().acted, false);
});

test("no key is lost to an element in which nobody types", () => {
  const types = ["radio", "checkbox", "button", "submit", "reset", "image", "file", "color", "range"];
  for (const type of types) assert.equal(page()({ focused: { localName: "input", type } }).acted, true, type);
  for (const localName of ["button", "a", "summary", "section"]) assert.equal(page()({ focused: { localName } }).acted, true, localName);
});

test("a slider keeps the keys that move it", () => {
  const slider = { localName: "input", type: "range" };
  const arrows = page({ key: "ArrowLeft" });
  assert.deepEqual(arrows({ key: "ArrowLeft", focused: slider }), { acted: false, prevented: false });
  assert.equal(arrows({ key: "ArrowLeft", focused: { localName: "input", type: "radio" } }).acted, true);
});
