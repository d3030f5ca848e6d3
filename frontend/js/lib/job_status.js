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
