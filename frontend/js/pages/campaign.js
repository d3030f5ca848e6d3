// The lead's page of a campaign: jobs and counts are updated while it is open; every act is an ordinary form.

import { followJob } from "../components/job.js";
import { call } from "../lib/api.js";
import { all, maybe, one } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { refreshParts } from "../lib/live_parts.js";
import { poll } from "../lib/poll.js";

const COUNTS_EVERY_MS = 5000;

const page = one("#main", HTMLElement);
const api = page.dataset.api ?? "/api/v1/";

function followJobs() {
  for (const element of all("[data-job][data-active]", HTMLElement)) {
    if (element.dataset.followed) continue;
    element.dataset.followed = "yes";
    followJob(element, api, () => {}, () => void afterJob());
  }
}

async function afterJob() {
  if (!(await refreshParts())) location.reload();
  followJobs();
}

/** @param {Record<string, number>} progress */
function showCounts(progress) {
  const hadNothing = maybe("[data-settled]", HTMLElement)?.dataset.settled === "nothing";
  if (hadNothing && progress.comparisons) void afterJob(); // the first pairs: there is something to do now
  for (const element of all("[data-count]", HTMLElement)) {
    const value = progress[element.dataset.count ?? ""];
    if (value === undefined) continue;
    element.textContent = count(value);
    element.closest("[data-none-hides]")?.toggleAttribute("hidden", !value);
  }
  const bar = maybe("[data-settled]", HTMLProgressElement);
  if (!bar) return;
  bar.max = Math.max(1, progress.comparisons ?? 0);
  bar.value = progress.settled ?? 0;
}

followJobs();
poll(
  async () => {
    showCounts(await call("GET", `${api}campaigns/${page.dataset.campaign}/progress/`));
    return false;
  },
  { every: COUNTS_EVERY_MS },
);
