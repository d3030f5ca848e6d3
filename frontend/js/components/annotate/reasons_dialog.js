// The dialog that asks why somebody skips, or what they flag: by button, or by number.

import { all } from "../../lib/dom.js";

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
  const numbered = buttons.filter((button) => !button.dataset.flag);
  dialog.addEventListener("keydown", (event) => /^\d$/.test(event.key) && numbered[Number(event.key)]?.click());
}

/**
 * @param {HTMLButtonElement} button
 * @returns {JudgmentDraft}
 */
function draftOf({ dataset, value }) {
  if (dataset.flag) return { choice: "skip", flag: dataset.flag };
  return value ? { choice: "skip", skip_reason: value } : { choice: "skip" };
}
