// Nobody is signed in: the pages that this browser stored of the last person are forgotten.

import { forgetAll } from "../judging/offline_copy.js";

void forgetAll();
