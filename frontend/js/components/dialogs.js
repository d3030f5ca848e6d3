// Dialogs: opened by a key or a button, closed by Escape, by their button, and by a click beside them.

import { all, maybe, one } from "../lib/dom.js";

/** @typedef {import("../lib/judging_types.js").Saying} Saying */

/** @param {string} id of a dialog; nothing happens where the page has none of that name */
export function openDialog(id) {
  maybe(`dialog#${id}`, HTMLDialogElement)?.showModal();
}

/** Makes a click on the veil close a dialog, as everywhere. */
export function startDialogs() {
  for (const dialog of all("dialog", HTMLDialogElement)) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }
}

/**
 * The dialog that asks why somebody skips: by button, or by number.
 *
 * @param {(saying: Saying) => void} judge
 */
export function startReasons(judge) {
  const dialog = one("dialog#reasons", HTMLDialogElement);
  const buttons = all(".reasons button", HTMLButtonElement, dialog);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      dialog.close();
      if (button.dataset.flag) judge({ choice: "skip", flag: button.dataset.flag });
      else judge(button.value ? { choice: "skip", skip_reason: button.value } : { choice: "skip" });
    });
  }
  const byNumber = buttons.filter((button) => !button.dataset.flag);
  dialog.addEventListener("keydown", (event) => /^\d$/.test(event.key) && byNumber[Number(event.key)]?.click());
}
