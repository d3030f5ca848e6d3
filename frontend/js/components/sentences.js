// What the annotator's page says, on the screen and to screen readers.

import { gettext, interpolate, ngettext } from "../lib/words.js";

/** @typedef {import("../lib/judging_types.js").Saying} Saying */
/** @typedef {import("../lib/judging_types.js").Trouble} Trouble */

// By strength: slightly, clearly, much.
const LEFT = [gettext("Left is better."), gettext("Left is clearly better."), gettext("Left is much better.")];
const RIGHT = [gettext("Right is better."), gettext("Right is clearly better."), gettext("Right is much better.")];
const TOP = [gettext("Top is better."), gettext("Top is clearly better."), gettext("Top is much better.")];
const BOTTOM = [gettext("Bottom is better."), gettext("Bottom is clearly better."), gettext("Bottom is much better.")];

/**
 * @param {Saying} saying
 * @returns {string} a sentence
 */
export function inWords(saying) {
  const stacked = matchMedia("(width < 60rem)").matches;
  const strength = saying.strength ?? 1;
  if (saying.choice === "left") return (stacked ? TOP : LEFT)[strength - 1] ?? "";
  if (saying.choice === "right") return (stacked ? BOTTOM : RIGHT)[strength - 1] ?? "";
  return { tie: gettext("Tie."), both_bad: gettext("Both bad."), skip: gettext("Skipped.") }[saying.choice] ?? saying.choice;
}

/**
 * @param {Trouble} problem
 * @returns {string}
 */
export function explain(problem) {
  if (problem.kind === "refused") return problem.message;
  if (problem.kind === "signed-out") {
    return gettext("You are signed out. What you said is kept here: sign in, then try again.");
  }
  const values = { seconds: problem.seconds };
  const text = ngettext(
    "The server cannot be reached. What you said is kept and goes out again in %(seconds)s second.",
    "The server cannot be reached. What you said is kept and goes out again in %(seconds)s seconds.",
    problem.seconds,
  );
  return interpolate(text, values);
}

export const PANES_SAID = /** @type {Record<string, string>} */ ({
  page: gettext("The page scrolls."),
  together: gettext("Both completions scroll together."),
  apart: gettext("Each completion scrolls by itself."),
});
export const FOCUS_SAID = { both: gettext("Both completions."), left: gettext("Only the left one."), right: gettext("Only the right one.") };
