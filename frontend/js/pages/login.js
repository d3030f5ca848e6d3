// Nobody is signed in: what this browser kept of whoever was is forgotten.

import { forgetAll } from "../lib/kept.js";

void forgetAll();
