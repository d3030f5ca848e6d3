// A bulk act under way: its figures are fetched again until it is over.

import { announce } from "../lib/announce.js";
import { maybe } from "../lib/dom.js";
import { statusLabel } from "../lib/job_status.js";
import { refreshParts } from "../lib/live_parts.js";
import { poll } from "../lib/poll.js";

const isRunning = () => maybe("#act[data-active]", HTMLElement) !== null;

if (isRunning()) {
  poll(async () => {
    await refreshParts();
    if (isRunning()) return false;
    announce(statusLabel("finished"));
    return true;
  });
}
