// Keys as a page shows them (`<kbd data-key="undo">`), and the dialog in which they are changed.

import { announce } from "../../lib/announce.js";
import { bindableKey, symbolOf } from "../../lib/key_bindings.js";
import { all, make, one } from "../../lib/dom.js";
import { gettext, interpolate } from "../../lib/translation.js";
import { askForKey, endKeyQuestion } from "./key_question.js";

/** @typedef {import("../../lib/key_bindings.js").KeyBindings} KeyBindings */

export class KeyDialog {
  /**
   * @param {KeyBindings} bindings
   * @param {HTMLDialogElement} dialog with a row `[data-action]` for each action
   */
  constructor(bindings, dialog) {
    this.bindings = bindings;
    this.rows = all("[data-action]", HTMLElement, dialog);
    for (const row of this.rows) row.append(this.#changeButton(row));
    one("[data-do=reset-keys]", HTMLElement, dialog).addEventListener("click", () => {
      endKeyQuestion();
      bindings.reset();
      this.#write();
      announce(gettext("All keys have been reset."));
    });
    dialog.addEventListener("close", endKeyQuestion);
    this.#write();
  }

  /** @param {HTMLElement} row */
  #changeButton(row) {
    const button = make("button", { class: "button button-small button-quiet", text: gettext("Change") });
    button.setAttribute("type", "button");
    button.setAttribute("aria-label", interpolate(gettext("Change the key for: %(action)s"), { action: nameOf(row) }));
    button.addEventListener("click", () => this.#listen(row, button));
    return button;
  }

  /**
   * Waits for the key that an action gets.
   *
   * @param {HTMLElement} row of the action
   * @param {HTMLElement} button
   */
  #listen(row, button) {
    endKeyQuestion();
    button.textContent = gettext("Press a key…");
    button.classList.add("is-listening");
    const stop = () => {
      button.textContent = gettext("Change");
      button.classList.remove("is-listening");
      button.removeEventListener("keydown", take, true);
      button.removeEventListener("blur", stop);
    };
    const take = (/** @type {KeyboardEvent} */ event) => {
      const key = bindableKey(event);
      if (!key && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      stop();
      if (key) this.#offer(row, key, button);
    };
    button.addEventListener("keydown", take, true);
    button.addEventListener("blur", stop);
  }

  /**
   * Gives the action a key; asks first where another action would lose it.
   *
   * @param {HTMLElement} row
   * @param {string} key
   * @param {HTMLElement} button
   */
  #offer(row, key, button) {
    const action = row.dataset.action ?? "";
    const losers = this.rows.filter((each) => this.bindings.holders(action, key).includes(each.dataset.action ?? ""));
    const take = () => {
      this.bindings.change(action, key);
      this.#write();
      announce(interpolate(gettext("The key is now %(key)s."), { key: symbolOf(key) }));
    };
    if (losers.length === 0) take();
    else askForKey(row, { key: symbolOf(key), actions: losers.map(nameOf), take, back: button });
  }

  /** Writes the keys into the dialog and onto the buttons of the page. */
  #write() {
    for (const row of this.rows) {
      const keys = this.bindings.of(row.dataset.action ?? "").map((key) => make("kbd", { text: symbolOf(key) }));
      const none = make("span", { class: "muted small", text: gettext("no key") });
      one("dd", HTMLElement, row).replaceChildren(...(keys.length ? keys.flatMap((key) => [key, " "]) : [none]));
    }
    for (const label of all("kbd[data-key]", HTMLElement)) {
      const keys = this.bindings.of(label.dataset.key ?? "");
      // Alt with an arrow is the browser's own "back".
      const key = label.dataset.with === "Alt" ? keys.find((each) => !each.startsWith("Arrow")) : keys[0];
      label.hidden = !key;
      label.textContent = key ? [label.dataset.with, symbolOf(key)].filter(Boolean).join(" ") : "";
    }
  }
}

/**
 * @param {HTMLElement} row
 * @returns {string} what its action does, in words
 */
function nameOf(row) {
  return (one("dt", HTMLElement, row).textContent ?? "").trim();
}
