// A suite and its runs: while one is under way, the parts of the page that change are fetched again.

import { refreshWhileActive } from "../lib/live_parts.js";

refreshWhileActive();
