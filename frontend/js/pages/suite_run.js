// A suite and its runs: while one is under way, the parts of the page that change are fetched again.

import { maybe } from "../lib/dom.js";
import { refreshParts } from "../lib/live_parts.js";
import { poll } from "../lib/poll.js";

const EVERY_MS = 3000;

if (maybe("[data-active]", HTMLElement)) {
  poll(
    async () => {
      if (!(await refreshParts())) throw new Error("The server did not answer with this page.");
      return !maybe("[data-active]", HTMLElement);
    },
    { every: EVERY_MS },
  );
}
