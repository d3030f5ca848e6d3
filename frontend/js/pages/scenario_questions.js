// Questions of suites: each button has a key. Without this script the buttons do the same.

import { all } from "../lib/dom.js";
import { onKeys } from "../lib/shortcuts.js";

/** @type {Map<string, HTMLButtonElement>} */
const buttons = new Map(all("button[data-key]", HTMLButtonElement).map((button) => [button.dataset.key ?? "", button]));
let isSent = false;

onKeys((event) => {
  const button = event.altKey ? undefined : buttons.get(event.key.toLowerCase());
  if (!button || isSent) return null;
  return () => {
    isSent = true;
    button.click();
  };
});
