import assert from "node:assert/strict";
import { test } from "node:test";

import { startCopyButton } from "../../../frontend/js/components/copy_button.js";
import { settle } from "../fakes.js";

function shown({ clipboard } = {}) {
  const button = Object.assign(new EventTarget(), { hidden: true, textContent: "Copy" });
  const said = [];
  startCopyButton(button, { textContent: "\n https://x/ \n" }, { clipboard, say: (sentence) => said.push(sentence) });
  const press = async () => {
    button.dispatchEvent(new Event("click"));
    await settle();
  };
  return { button, said, press };
}

test("without a clipboard there is no button", () => {
  assert.equal(shown().button.hidden, true);
});

test("the text is copied without the space around it, and the button says so", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const copied = [];
  const { button, said, press } = shown({ clipboard: { writeText: async (text) => copied.push(text) } });
  assert.equal(button.hidden, false);
  await press();
  assert.deepEqual([copied, said, button.textContent], [["https://x/"], ["Copied"], "Copied"]);
  context.mock.timers.tick(2500);
  assert.equal(button.textContent, "Copy");
});

test("a browser that refuses to copy says what to do instead", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { said, press } = shown({ clipboard: { writeText: async () => Promise.reject(new Error("no")) } });
  await press();
  assert.deepEqual(said, ["Select the text and copy it."]);
});
