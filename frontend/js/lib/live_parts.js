// Parts of a page that change by themselves: fetched again as the server writes them, and replaced.

import { all } from "./dom.js";

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
    if (replacement && !isInUse(part)) part.replaceWith(document.adoptNode(replacement));
  }
  return true;
}

/** @param {HTMLElement} part */
function isInUse(part) {
  const focused = document.activeElement;
  const isTyping = focused instanceof HTMLElement && focused.matches("input, select, textarea") && part.contains(focused);
  return isTyping || part.querySelector(":popover-open") !== null;
}
