// Something to know that is not urgent, above the bar at the foot of the page, until it is closed.

import { one } from "../lib/dom.js";

/** @type {(() => void) | null} */
let act = null;

/** @param {HTMLElement} toast with `[data-toast-text]`, `[data-toast-act]` and `[data-toast-close]` */
export function startToast(toast) {
  one("[data-toast-act]", HTMLElement, toast).addEventListener("click", () => {
    toast.hidden = true;
    act?.();
  });
  one("[data-toast-close]", HTMLElement, toast).addEventListener("click", () => (toast.hidden = true));
}

/**
 * @param {HTMLElement} toast
 * @param {string} text read out too: the element is a live region
 * @param {{ label: string, act: () => void }} [offer]
 */
export function showToast(toast, text, offer) {
  act = offer?.act ?? null;
  const button = one("[data-toast-act]", HTMLElement, toast);
  button.hidden = !offer;
  button.textContent = offer?.label ?? "";
  toast.hidden = false;
  one("[data-toast-text]", HTMLElement, toast).textContent = text;
}
