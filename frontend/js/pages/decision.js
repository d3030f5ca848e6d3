// The pages of conflicts and flags: keys that choose a decision, C for the reason, Escape that leaves it,
// Ctrl+Enter that saves.

import { onKeys } from "../lib/shortcuts.js";

const form = document.querySelector("form.decision");
const reason = form?.querySelector("textarea");
/** @type {HTMLButtonElement | null} the button whose key was pressed before the reason was written */
let chosen = null;

if (form instanceof HTMLFormElement && reason) {
  onKeys((press) => {
    if (press.key.toLowerCase() === "c") return () => reason.focus();
    const target = form.querySelector(`[data-key="${CSS.escape(press.key.toUpperCase())}"]`);
    return target ? () => use(target, form, reason) : null;
  });
  form.addEventListener("keydown", (press) => {
    if (press.key === "Escape" && press.target === reason && !press.isComposing) reason.blur(); // the keys choose again
  });
  document.addEventListener("keydown", (press) => {
    if (press.key !== "Enter" || !(press.ctrlKey || press.metaKey) || press.repeat) return;
    const other = press.target instanceof Element ? press.target.closest("form, dialog") : null;
    if (other !== null && other !== form) return;
    press.preventDefault();
    form.requestSubmit(chosen ?? /** @type {HTMLButtonElement | null} */ (form.querySelector("button.button-primary")));
  });
}

/**
 * @param {Element} target
 * @param {HTMLFormElement} form
 * @param {HTMLTextAreaElement} reason
 */
function use(target, form, reason) {
  if (target instanceof HTMLAnchorElement) return target.click();
  if (target instanceof HTMLButtonElement) {
    chosen = target;
    return reason.value.trim() ? form.requestSubmit(target) : reason.focus();
  }
  const radio = target.querySelector("input");
  if (!radio) return;
  radio.checked = true;
  radio.focus(); // not the reason: there the key of another choice would be a letter
}
