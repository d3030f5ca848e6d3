// Keys as a page shows them (`<kbd data-key="undo">`), and the dialog in which they are changed.

import { announce } from "../lib/announce.js";
import { bindable, symbolOf } from "../lib/bindings.js";
import { all, make, one } from "../lib/dom.js";
import { gettext, interpolate } from "../lib/words.js";

/** @typedef {import("../lib/bindings.js").KeyBindings} KeyBindings */

/**
 * @param {KeyBindings} bindings
 * @param {HTMLDialogElement} dialog with a row `[data-action]` for each action
 */
export function startKeyNames(bindings, dialog) {
  for (const row of all("[data-action]", HTMLElement, dialog)) {
    const button = make("button", { class: "button button-small button-quiet", text: gettext("Change") });
    button.setAttribute("type", "button");
    const name = one("dt", HTMLElement, row).textContent ?? "";
    button.setAttribute("aria-label", interpolate(gettext("Change the key of: %(action)s"), { action: name }));
    button.addEventListener("click", () => listen(bindings, dialog, row, button));
    row.append(button);
  }
  one("[data-do=reset-keys]", HTMLElement, dialog).addEventListener("click", () => {
    bindings.reset();
    write(bindings, dialog);
    announce(gettext("All keys are as they were."));
  });
  write(bindings, dialog);
}

/**
 * @param {KeyBindings} bindings
 * @param {HTMLDialogElement} dialog
 * @param {HTMLElement} row
 * @param {HTMLElement} button
 */
function listen(bindings, dialog, row, button) {
  button.textContent = gettext("Press a key…");
  button.classList.add("is-listening");
  /** @param {KeyboardEvent} event */
  function take(event) {
    const key = bindable(event);
    if (!key && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    over();
    if (!key) return;
    bindings.change(row.dataset.action ?? "", key);
    write(bindings, dialog);
    announce(interpolate(gettext("The key is now %(key)s."), { key: symbolOf(key) }));
  }
  function over() {
    button.textContent = gettext("Change");
    button.classList.remove("is-listening");
    button.removeEventListener("keydown", take, true);
    button.removeEventListener("blur", over);
  }
  button.addEventListener("keydown", take, true);
  button.addEventListener("blur", over);
}

/**
 * @param {KeyBindings} bindings
 * @param {HTMLDialogElement} dialog
 */
function write(bindings, dialog) {
  for (const row of all("[data-action]", HTMLElement, dialog)) {
    const keys = bindings.of(row.dataset.action ?? "").map((key) => make("kbd", { text: symbolOf(key) }));
    const none = make("span", { class: "muted small", text: gettext("no key") });
    one("dd", HTMLElement, row).replaceChildren(...(keys.length ? keys.flatMap((key) => [key, " "]) : [none]));
  }
  for (const label of all("kbd[data-key]", HTMLElement)) {
    const keys = bindings.of(label.dataset.key ?? "");
    // Alt with an arrow is the browser's own "back".
    const key = label.dataset.with === "Alt" ? keys.find((one) => !one.startsWith("Arrow")) : keys[0];
    label.hidden = !key;
    label.textContent = key ? [label.dataset.with, symbolOf(key)].filter(Boolean).join(" ") : "";
  }
}
