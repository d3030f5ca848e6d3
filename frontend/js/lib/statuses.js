// The states of jobs in words.

import { gettext } from "./words.js";

const WORDS = /** @type {Record<string, string>} */ ({
  queued: gettext("Queued"),
  running: gettext("Running"),
  cancelling: gettext("Cancelling"),
  finished: gettext("Finished"),
  failed: gettext("Failed"),
  cancelled: gettext("Cancelled"),
});

/**
 * @param {string} status as the API names it
 * @returns {string}
 */
export function statusInWords(status) {
  return WORDS[status] ?? status;
}
