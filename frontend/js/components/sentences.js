// What the annotator's page says, on the screen and to screen readers.

import { gettext, interpolate, ngettext } from "../lib/words.js";

/** @typedef {import("../lib/judging.js").Saying} Saying */
/** @typedef {import("../lib/judging.js").Trouble} Trouble */

/**
 * @param {Saying} saying
 * @returns {string} a sentence
 */
export function inWords(saying) {
  const stacked = matchMedia("(width < 60rem)").matches;
  if (saying.choice === "left") return stacked ? gettext("Top is better.") : gettext("Left is better.");
  if (saying.choice === "right") return stacked ? gettext("Bottom is better.") : gettext("Right is better.");
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
