// How texts are shown: size, width, and what scrolls. A cookie carries the choice, so that the server writes it into the
// page and nothing jumps.

import { all, one } from "../lib/dom.js";
import { panes } from "./completions.js";

/** @typedef {"size" | "width" | "panes"} Setting */

const YEAR = 365 * 24 * 3600;
const LARGEST = 4;

/**
 * Makes the settings of the dialog work.
 *
 * @param {HTMLElement} page carries them as data attributes
 * @param {HTMLDialogElement} dialog has a radio button for each value
 */
export function startDisplay(page, dialog) {
  for (const input of all("input[type=radio]", HTMLInputElement, dialog)) {
    input.addEventListener("change", () => set(page, /** @type {Setting} */ (input.name), input.value));
  }
  show(page, dialog);
  page.addEventListener("displaychange", () => show(page, dialog));
  scrollTogether(page);
}

/**
 * @param {HTMLElement} page
 * @param {number} steps up or down
 */
export function resize(page, steps) {
  const size = Math.min(LARGEST, Math.max(0, Number(page.dataset.size) + steps));
  set(page, "size", String(size));
}

/**
 * What scrolls: the page, both completions together, each by itself; in turn.
 *
 * @param {HTMLElement} page
 * @returns {string} which it is now
 */
export function turnPanes(page) {
  const next = { page: "together", together: "apart", apart: "page" }[page.dataset.panes ?? "page"] ?? "page";
  set(page, "panes", next);
  return next;
}

/**
 * @param {HTMLElement} page
 * @param {Setting} name
 * @param {string} value
 */
function set(page, name, value) {
  page.dataset[name] = value;
  const { size, width, panes: scrolling } = page.dataset;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `display=${size}.${width}.${scrolling}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
  page.dispatchEvent(new CustomEvent("displaychange"));
}

/**
 * @param {HTMLElement} page
 * @param {HTMLDialogElement} dialog
 */
function show(page, dialog) {
  for (const input of all("input[type=radio]", HTMLInputElement, dialog)) input.checked = page.dataset[input.name] === input.value;
  // What scrolls by itself must be reachable by keyboard.
  for (const pane of panes()) {
    if (page.dataset.panes === "page") pane.removeAttribute("tabindex");
    else pane.tabIndex = 0;
  }
}

/**
 * Moves one pane with the other, by the share of what there is to scroll.
 *
 * @param {HTMLElement} page
 */
function scrollTogether(page) {
  const [left, right] = [one("#left .prose", HTMLElement), one("#right .prose", HTMLElement)];
  /** @type {HTMLElement | null} the one that moves because the other did */
  let follower = null;
  for (const [pane, other] of /** @type {const} */ ([[left, right], [right, left]])) {
    pane.addEventListener("scroll", () => {
      if (page.dataset.panes !== "together") return;
      if (follower === pane) {
        follower = null;
        return;
      }
      const room = pane.scrollHeight - pane.clientHeight;
      const wanted = room > 0 ? Math.round((pane.scrollTop / room) * (other.scrollHeight - other.clientHeight)) : 0;
      if (wanted === Math.round(other.scrollTop)) return;
      follower = other;
      other.scrollTop = wanted;
    });
  }
}
