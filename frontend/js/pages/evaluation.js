// An evaluation under way: its bar moves until the report is there, which then takes its place.

import { announce } from "../lib/announce.js";
import { call } from "../lib/api.js";
import { maybe, one } from "../lib/dom.js";
import { isActive, showWait, statusLabel } from "../lib/job_status.js";
import { refreshParts } from "../lib/live_parts.js";
import { poll } from "../lib/poll.js";
import { gettext } from "../lib/translation.js";

const page = one("#main", HTMLElement);
const url = `${page.dataset.api ?? "/api/v1/"}evaluations/${page.dataset.evaluation}/?without=report`;

if (maybe("[data-active]", HTMLElement)) {
  poll(async () => {
    const job = await call("GET", url);
    const chip = maybe("[data-active] .chip", HTMLElement);
    const bar = maybe("[data-active] progress", HTMLProgressElement);
    if (chip && isActive(job.status)) {
      chip.dataset.state = job.status;
      chip.textContent = statusLabel(job.status);
      showWait(document, job.waits_for);
      if (bar && job.total) {
        bar.max = job.total;
        bar.value = job.done;
      }
      return false;
    }
    if (!(await refreshParts())) location.reload();
    announce(job.status === "finished" ? gettext("The report is here.") : gettext("The evaluation could not finish."));
    return true;
  });
}
