// Dialogs: opened by a key or a button, closed by Escape, by their button, and by a click beside them.

import { all, maybe } from "../lib/dom.js";

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
