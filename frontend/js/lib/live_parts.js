// Parts of a page that change by themselves: fetched again as the server writes them, and replaced.

import { all, maybe } from "./dom.js";
import { poll } from "./poll.js";

const EVERY_MS = 3000;

/**
 * Puts the newest state of every `data-live` part into the page. A part that somebody is using is left alone.
 *
 * @returns {Promise<boolean>} whether the server answered with this page
 */
export async function refreshParts() {
  const response = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } }).catch(() => null);
  if (!response?.ok || response.redirected) return false;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const part of all("[data-live]", HTMLElement)) {
    const replacement = fresh.getElementById(part.id);
    if (replacement && !isInUse(part)) replace(part, document.adoptNode(replacement));
  }
  return true;
}

/**
 * Fetches the changing parts again until nothing on the page is marked as active.
 *
 * @param {() => void} [onEnd] called once nothing is active any longer
 */
export function refreshWhileActive(onEnd = () => {}) {
  if (!maybe("[data-active]", HTMLElement)) return;
  poll(
    async () => {
      if (!(await refreshParts())) throw new Error("The server did not answer with this page.");
      if (maybe("[data-active]", HTMLElement)) return false;
      onEnd();
      return true;
    },
    { every: EVERY_MS },
  );
}

/**
 * Puts the new part in the place of the old one. The keyboard stays on the button or link that it was on.
 *
 * @param {HTMLElement} part
 * @param {HTMLElement} replacement
 */
function replace(part, replacement) {
  const focused = document.activeElement;
  const name = focused instanceof HTMLElement && part.contains(focused) ? focused.dataset.testid : undefined;
  part.replaceWith(replacement);
  const same = name ? replacement.querySelector(`[data-testid="${CSS.escape(name)}"]`) : null;
  if (same instanceof HTMLElement) same.focus({ preventScroll: true });
}

/** @param {HTMLElement} part */
function isInUse(part) {
  const focused = document.activeElement;
  const isTyping = focused instanceof HTMLElement && focused.matches("input, select, textarea") && part.contains(focused);
  return isTyping || part.querySelector(":popover-open") !== null;
}
