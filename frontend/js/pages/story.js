// The story of DPO: each part has something to try, and works by itself.

import { Walk } from "../components/lab/walk.js";
import { Code } from "../components/story/code.js";
import { Critic } from "../components/story/critic.js";
import { Displaced } from "../components/story/displaced.js";
import { Examples } from "../components/story/examples.js";
import { Hidden } from "../components/story/hidden.js";
import { Leash } from "../components/story/leash.js";
import { Loop } from "../components/story/loop.js";
import { Memory } from "../components/story/memory.js";
import { Trial } from "../components/story/trial.js";
import { Tug } from "../components/story/tug.js";
import { When } from "../components/story/when.js";
import { one } from "../lib/dom.js";

const walk = one("#walk", HTMLElement);
for (const Each of [Examples, Trial, Critic, Loop, Leash, Memory, Tug, Hidden, When, Displaced]) new Each();
new Walk(walk);
new Code(walk);
