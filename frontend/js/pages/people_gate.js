// A gate by people: its figures follow the votes, and its end is announced.

import { announce } from "../lib/announce.js";
import { maybe } from "../lib/dom.js";
import { refreshWhileActive } from "../lib/live_parts.js";

refreshWhileActive(() => announce(maybe("#people-gate-reason", HTMLElement)?.textContent?.trim() ?? ""));
