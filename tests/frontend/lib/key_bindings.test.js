import assert from "node:assert/strict";
import { test } from "node:test";

import { KeyBindings, bindableKey, keyOf, symbolOf } from "../../../frontend/js/lib/key_bindings.js";
import { FakeStorage } from "../fakes.js";

const DEFAULTS = { left: ["ArrowLeft", "1"], tie: ["t", "3"], skip: ["s"], reasons: ["S"], help: ["?"] };

function press(key, { code = `Key${key.toUpperCase()}`, ...held } = {}) {
  return { key, code, shiftKey: key.length === 1 && key !== key.toLowerCase(), altKey: false, ctrlKey: false, metaKey: false, ...held };
}

function bindings(storage = new FakeStorage()) {
  return new KeyBindings("page", structuredClone(DEFAULTS), { varied: ["left"], storage });
}

test("a key does its action; the first of an action's keys is the one on its button", () => {
  const keys = bindings();
  assert.equal(keys.find(press("t"), []), "tie");
  assert.equal(keys.find(press("ArrowLeft", { code: "ArrowLeft" }), []), "left");
  assert.equal(keys.find(press("x"), []), null);
  assert.equal(keys.of("left")[0], "ArrowLeft");
  assert.deepEqual(keys.of("nothing"), []);
});

test("shift makes another key of a letter, caps lock does not", () => {
  const keys = bindings();
  assert.equal(keys.find(press("S", { shiftKey: false, getModifierState: () => true }), []), "skip");
  assert.equal(keys.find(press("s", { shiftKey: true }), []), "reasons");
  assert.equal(keys.find(press("s"), []), "skip");
  assert.equal(keys.find(press("S"), []), "reasons");
});

test("actions that shift and alt vary are found with them; others are not found with alt", () => {
  const keys = bindings();
  const altOne = press("¡", { code: "Digit1", altKey: true });
  assert.equal(keys.find(altOne, ["left"]), "left");
  assert.equal(keys.find(altOne, []), null);
  keys.change("left", "l");
  assert.equal(keys.find(press("L"), ["left"]), "left");
  assert.equal(keys.find(press("L"), []), null);
});

test("a changed key replaces the first one, and is taken from the action that had it", () => {
  const keys = bindings();
  assert.deepEqual(keys.holders("tie", "s"), ["skip"]);
  keys.change("tie", "s");
  assert.deepEqual(keys.of("tie"), ["s", "3"]);
  assert.deepEqual(keys.of("skip"), []);
  assert.equal(keys.find(press("t"), []), null);
  keys.change("tie", "x"); // what was taken does not come back by itself
  assert.deepEqual([keys.of("tie"), keys.of("skip")], [["x", "3"], []]);
  keys.change("skip", "s");
  assert.deepEqual(keys.of("skip"), ["s"]);
});

test("an action's own key can become its first", () => {
  const keys = bindings();
  assert.deepEqual(keys.holders("tie", "3"), []);
  keys.change("tie", "3");
  assert.deepEqual(keys.of("tie"), ["3", "t"]);
});

test("an action that shift varies takes both cases of its letter", () => {
  const keys = bindings();
  assert.deepEqual(keys.holders("left", "s"), ["skip", "reasons"]);
  keys.change("left", "s");
  assert.deepEqual([keys.of("skip"), keys.of("reasons")], [[], []]);
  keys.change("reasons", "S");
  assert.deepEqual([keys.of("left"), keys.of("reasons")], [["1"], ["S"]]);
});

test("a key of an action that this page lacks can be taken here, and is lost there", () => {
  const storage = new FakeStorage();
  const elsewhere = () => new KeyBindings("page", { ...structuredClone(DEFAULTS), rate: ["4"] }, { storage });
  elsewhere().change("rate", "t");
  assert.deepEqual(bindings(storage).holders("skip", "t"), []);
  assert.equal(elsewhere().find(press("t"), []), "rate");
  bindings(storage).change("skip", "t");
  assert.deepEqual(elsewhere().of("rate"), []);
  assert.equal(elsewhere().find(press("t"), []), "skip");
});

test("a character counts before the digit whose place it has", () => {
  const keys = new KeyBindings("page", { tie: ["="], both_bad: ["0"], left: ["1"] }, { storage: new FakeStorage() });
  const german = (key, digit) => press(key, { code: `Digit${digit}`, shiftKey: true });
  assert.equal(keys.find(german("=", 0), ["left"]), "tie");
  assert.equal(keys.find(german("!", 1), ["left"]), "left");
  assert.equal(keys.find(german("!", 1), []), null);
  assert.equal(keys.find(german("1", 1), []), "left"); // a French keyboard types digits with shift
});

test("changes are there on the next page, until they are reset", () => {
  const storage = new FakeStorage();
  bindings(storage).change("tie", "x");
  assert.deepEqual(bindings(storage).of("tie"), ["x", "3"]);
  bindings(storage).reset();
  assert.deepEqual(bindings(storage).of("tie"), ["t", "3"]);
});

test("what the browser stored and makes no sense is ignored", () => {
  const storage = new FakeStorage();
  storage.setItem("keys:page", '{"tie": ["x"], "skip": 7, "left": [1]}');
  assert.deepEqual([bindings(storage).of("tie"), bindings(storage).of("skip"), bindings(storage).of("left")], [["x"], ["s"], ["ArrowLeft", "1"]]);
  storage.setItem("keys:page", '{"tie": ["Enter"], "skip": [" "]}');
  assert.deepEqual([bindings(storage).of("tie"), bindings(storage).of("skip")], [["t", "3"], ["s"]]);
  storage.setItem("keys:page", "{");
  assert.deepEqual(bindings(storage).of("tie"), ["t", "3"]);
});

test("a browser that stores nothing keeps changes for as long as the page lives", () => {
  const storage = new FakeStorage();
  storage.isFull = true;
  const keys = bindings(storage);
  keys.change("tie", "x");
  assert.deepEqual(keys.of("tie"), ["x", "3"]);
});

test("digits are known by their place, letters with alt too", () => {
  assert.equal(keyOf(press("!", { code: "Digit1" })), "1");
  assert.equal(keyOf(press("5", { code: "Numpad5" })), "5");
  assert.equal(keyOf(press("†", { code: "KeyT", altKey: true })), "t");
  assert.equal(keyOf(press("T", { code: "KeyT" })), "T");
});

test("keys of the browser and of the page cannot be given to an action", () => {
  assert.equal(bindableKey(press("x")), "x");
  for (const held of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }]) assert.equal(bindableKey(press("x", held)), null);
  for (const key of ["Enter", " ", "Escape", "Tab", "Shift", "Dead"]) assert.equal(bindableKey(press(key, { code: key })), null);
});

test("keys are written as on a keyboard", () => {
  assert.deepEqual(["ArrowLeft", "Backspace", "t", "T", "?", "F2"].map(symbolOf), ["←", "⌫", "T", "⇧ T", "?", "F2"]);
});
