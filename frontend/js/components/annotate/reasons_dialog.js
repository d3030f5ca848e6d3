// The dialog that asks why somebody skips, or what they flag: by button, or by the key on it.

import { all } from "../../lib/dom.js";
import { keyOf } from "../../lib/key_bindings.js";

/** @typedef {import("../../judging/types.js").JudgmentDraft} JudgmentDraft */

/**
 * @param {HTMLDialogElement} dialog
 * @param {(draft: JudgmentDraft) => void} judge
 */
export function startReasonsDialog(dialog, judge) {
  const buttons = all(".reasons button", HTMLButtonElement, dialog);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      dialog.close();
      judge(draftOf(button));
    });
  }
  dialog.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = keyOf(event).toLowerCase();
    const button = buttons.find((each) => each.dataset.reasonKey === key);
    if (!button) return;
    event.preventDefault(); // the dialog is closed when the page hears of this key
    button.click();
  });
}

/**
 * @param {HTMLButtonElement} button
 * @returns {JudgmentDraft}
 */
function draftOf({ dataset, value }) {
  if (dataset.flag) return { choice: "skip", flag: dataset.flag };
  return value ? { choice: "skip", skip_reason: value } : { choice: "skip" };
}
