// The trial of what to label next: a choice under way is followed.

import { refreshWhileActive } from "../lib/live_parts.js";

refreshWhileActive(() => location.reload());
