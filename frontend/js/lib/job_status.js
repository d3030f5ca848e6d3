// The states of jobs: in words, and which of them are not over.

import { gettext } from "./translation.js";

const LABELS = /** @type {Record<string, string>} */ ({
  queued: gettext("Queued"),
  running: gettext("Running"),
  cancelling: gettext("Cancelling"),
  finished: gettext("Finished"),
  failed: gettext("Failed"),
  cancelled: gettext("Cancelled"),
});
const ACTIVE = new Set(["queued", "running", "cancelling"]);

/**
 * @typedef {object} Wait why a job does not run now
 * @property {string} reason
 * @property {string} sentence
 */

/**
 * Says in a job's part of the page for what it waits.
 *
 * @param {ParentNode} place
 * @param {Wait | null} wait null: it does not wait
 */
export function showWait(place, wait) {
  const line = place.querySelector("[data-job-wait]");
  if (!(line instanceof HTMLElement)) return;
  line.hidden = !wait;
  line.classList.toggle("notice-warning", wait?.reason === "worker" || wait?.reason === "server");
  if (line.textContent !== (wait?.sentence ?? "")) line.textContent = wait?.sentence ?? "";
}

/**
 * @param {string} status as the API names it
 * @returns {string}
 */
export function statusLabel(status) {
  return LABELS[status] ?? status;
}

/**
 * @param {string} status
 * @returns {boolean} whether the job may still change
 */
export function isActive(status) {
  return ACTIVE.has(status);
}
