// The sentences of the annotator's page, on the screen and for screen readers.

import { all } from "../../lib/dom.js";
import { gettext, interpolate, ngettext } from "../../lib/translation.js";

/** @typedef {import("../../judging/types.js").JudgmentDraft} JudgmentDraft */
/** @typedef {import("../../judging/types.js").Trouble} Trouble */

// By strength: slightly, clearly, much.
const LEFT = [gettext("Left is better."), gettext("Left is clearly better."), gettext("Left is much better.")];
const RIGHT = [gettext("Right is better."), gettext("Right is clearly better."), gettext("Right is much better.")];
const TOP = [gettext("Top is better."), gettext("Top is clearly better."), gettext("Top is much better.")];
const BOTTOM = [gettext("Bottom is better."), gettext("Bottom is clearly better."), gettext("Bottom is much better.")];
const FLAGGED = /** @type {Record<string, string>} */ ({
  harm: gettext("Flagged: harmful. A lead will look."),
  personal_data: gettext("Flagged: personal data. A lead will look."),
});

export const UNDO_REFUSALS = /** @type {Record<import("../../judging/types.js").UndoRefusal, string>} */ ({
  never: gettext("This campaign does not allow undoing a judgment."),
  late: gettext("The time to undo this judgment is over."),
});

/**
 * @param {JudgmentDraft} draft
 * @returns {string}
 */
export function judgmentSentence(draft) {
  const { choice, flag, skip_reason: reason, edit } = draft;
  if (flag) return FLAGGED[flag] ?? gettext("Flagged. A lead will look.");
  if (choice === "skip" && reason) return interpolate(gettext("Skipped: %(reason)s."), { reason: labelOf(reason) });
  const sentence = choiceSentence(draft);
  return edit ? `${sentence} ${gettext("With your improved text.")}` : sentence;
}

/**
 * @param {string} reason as the campaign's settings hold it
 * @returns {string} as the page shows it
 */
function labelOf(reason) {
  const buttons = all("#reasons button[value]", HTMLButtonElement);
  return buttons.find((button) => button.value === reason)?.dataset.reason ?? reason;
}

/**
 * @param {JudgmentDraft} draft
 * @returns {string}
 */
function choiceSentence({ choice, strength = 1 }) {
  const isStacked = matchMedia("(40rem <= width < 60rem)").matches;
  if (choice === "left") return (isStacked ? TOP : LEFT)[strength - 1] ?? "";
  if (choice === "right") return (isStacked ? BOTTOM : RIGHT)[strength - 1] ?? "";
  return { tie: gettext("Tie."), both_bad: gettext("Both bad."), skip: gettext("Skipped.") }[choice] ?? choice;
}

/**
 * @param {Trouble} trouble
 * @returns {string}
 */
export function troubleSentence(trouble) {
  if (trouble.kind === "refused") return trouble.message;
  if (trouble.kind === "signed-out") {
    return gettext("You are signed out. Your judgments are kept here: sign in, then try again.");
  }
  if (trouble.kind === "second-factor") {
    return gettext("Two-step sign-in is required now. Your judgments are kept here: turn it on, then try again.");
  }
  if (trouble.kind === "own-password") {
    return gettext("Choose your own password now. Your judgments are kept here: change it, then try again.");
  }
  if (trouble.kind === "stale-page") {
    return gettext("The server did not accept this page. Your judgments are kept here: load the page again.");
  }
  const values = { seconds: trouble.seconds };
  const text = ngettext(
    "The server cannot be reached. Your judgment is kept; the next attempt is in %(seconds)s second.",
    "The server cannot be reached. Your judgment is kept; the next attempt is in %(seconds)s seconds.",
    trouble.seconds,
  );
  return interpolate(text, values);
}

export const PANES_SENTENCES = /** @type {Record<string, string>} */ ({
  page: gettext("The page scrolls."),
  together: gettext("Both completions scroll together."),
  apart: gettext("Each completion scrolls by itself."),
});
export const FOCUS_SENTENCES = { both: gettext("Both completions."), left: gettext("Only the left completion."), right: gettext("Only the right completion.") };
