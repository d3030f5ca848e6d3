// The lab: an experiment on a real model that is followed step by step, and arithmetic that answers at once.

import { Calculator } from "../components/lab/calculator.js";
import { Experiment } from "../components/lab/experiment.js";
import { Walk } from "../components/lab/walk.js";
import { maybe, one } from "../lib/dom.js";

new Calculator(one("[data-calculator]", HTMLFormElement));
new Walk(one("#walk", HTMLElement));
const state = maybe("script#lab-state", HTMLScriptElement);
if (state) {
  const { api = "/api/v1/" } = one("#main", HTMLElement).dataset;
  new Experiment(one("[data-session]", HTMLElement), api, JSON.parse(state.textContent ?? "{}"));
}
