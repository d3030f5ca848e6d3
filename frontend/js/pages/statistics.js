// The statistics of a large campaign, while newer figures are being computed.

import { announce } from "../lib/announce.js";
import { maybe } from "../lib/dom.js";
import { statusLabel } from "../lib/job_status.js";
import { refreshParts } from "../lib/live_parts.js";
import { poll } from "../lib/poll.js";

const isCounting = () => maybe("#counting[data-active]", HTMLElement) !== null;

if (isCounting()) {
  const hasFigures = maybe("#counting[data-figures]", HTMLElement) !== null;
  poll(async () => {
    await refreshParts();
    // The first figures are here, even if newer ones are being computed already.
    if (!hasFigures && maybe("#counting[data-figures]", HTMLElement) !== null) {
      location.reload();
      return true;
    }
    if (isCounting()) return false;
    // A reader of older figures, or one who fills in the form, decides when the page changes.
    if (!hasFigures) location.reload();
    maybe("#counted", HTMLElement)?.removeAttribute("hidden");
    announce(statusLabel("finished"));
    return true;
  });
}
