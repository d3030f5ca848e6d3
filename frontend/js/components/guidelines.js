// Guidelines that changed while somebody judges: fetched as their page shows them, into the dialog.

import { maybe, one } from "../lib/dom.js";

/**
 * @param {HTMLElement} page names the version that it has, and where the guidelines are
 * @param {number} wanted the version that holds now
 * @returns {Promise<boolean>} whether the dialog has it now
 */
export async function freshGuidelines(page, wanted) {
  const had = page.dataset.guidelines;
  page.dataset.guidelines = String(wanted); // asked for once, however many pairs follow
  const answer = await fetch(page.dataset.guidelinesUrl ?? "", { credentials: "same-origin" }).catch(() => null);
  const fresh = new DOMParser().parseFromString(answer?.ok ? await answer.text() : "", "text/html");
  const text = fresh.querySelector("[data-guidelines-text]");
  if (!text) {
    page.dataset.guidelines = had;
    return false;
  }
  one("[data-guidelines-text]", HTMLElement).replaceChildren(...text.cloneNode(true).childNodes);
  one("[data-guidelines-number]", HTMLElement).textContent = String(wanted);
  const button = maybe("[data-do=guidelines]", HTMLElement);
  if (button) button.hidden = false;
  return true;
}
