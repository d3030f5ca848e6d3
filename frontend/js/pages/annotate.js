// The annotator's page: keys and buttons in, the next pair out, without loading the page again.

import { KEYS } from "../components/annotate_keys.js";
import { Completions } from "../components/completions.js";
import { fold, showConversation } from "../components/conversation.js";
import { criteriaSaid, goToOpenCriterion, showCriteria } from "../components/criteria.js";
import { openDialog, startDialogs, startReasons } from "../components/dialogs.js";
import { resize, startDisplay, turnPanes } from "../components/display.js";
import { freshGuidelines } from "../components/guidelines.js";
import { Edit } from "../components/edit.js";
import { startKeyNames } from "../components/key_names.js";
import { showProgress } from "../components/progress.js";
import { FOCUS_SAID, PANES_SAID, explain, inWords } from "../components/sentences.js";
import { Strength } from "../components/strength.js";
import { showToast, startToast } from "../components/toast.js";
import { announce } from "../lib/announce.js";
import { KeyBindings } from "../lib/bindings.js";
import { worked } from "../lib/breaks.js";
import { call } from "../lib/api.js";
import { all, maybe, one } from "../lib/dom.js";
import { Judging } from "../lib/judging.js";
import { Kept } from "../lib/kept.js";
import { onKeys } from "../lib/keys.js";
import { poll } from "../lib/poll.js";
import { gettext, interpolate, ngettext } from "../lib/words.js";

/** @typedef {import("../lib/judging_types.js").Assignment} Assignment */
/** @typedef {import("../lib/judging_types.js").Progress} Progress */
/** @typedef {import("../lib/judging_types.js").Saying} Saying */
/** @typedef {import("../lib/judging_types.js").Trouble} Trouble */

// Long enough that the second half of a double press is not taken for a judgment of the next pair, which nobody has
// read yet; too short to be noticed.
const DOUBLE_PRESS_MS = 200;
const NOTE_MS = 4000;
const LOOK_AGAIN_MS = 5000;

const page = one("#main", HTMLElement);
const api = page.dataset.api ?? "/api/v1/";
const campaign = page.dataset.campaign ?? "";
const form = one("[data-choices]", HTMLFormElement);
const undoButton = one("[data-undo] button", HTMLButtonElement);
const conversation = one(".conversation", HTMLElement);
const messageTemplate = one("template#message", HTMLTemplateElement);
const trouble = one(".trouble", HTMLElement);
const saved = one("[data-saved]", HTMLElement);
const onTheirWay = one("[data-on-their-way]", HTMLElement);
const toast = one("[data-toast]", HTMLElement);
const comment = one("[data-comment]", HTMLDetailsElement);
const commentText = one("textarea", HTMLTextAreaElement, comment);
const completions = new Completions(one(".completions", HTMLElement));
const edit = new Edit((saying) => judge(saying));
const strength = form.classList.contains("choices-strength") ? new Strength(judge, (side) => judging.strengthen(side)) : null;
const kept = new Kept(page.dataset.worker ?? "", page.dataset.owner ?? "");

let deaf = false;
let isWaiting = false;
let justSaid = "";
/** @type {ReturnType<typeof setTimeout> | undefined} */
let noteTimer;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let deafTimer;
let afterPause = () => {};

const judging = new Judging(
  { api, campaign, owner: page.dataset.owner ?? "", ahead: Number(page.dataset.ahead) },
  { shown, counted, said, saved: confirmed, troubled, changed },
);

/**
 * @param {Assignment | null} assignment
 * @param {"judged" | "undone" | "found"} why
 * @param {Saying | null} [earlier] of an undo: what had been said
 */
function shown(assignment, why, earlier) {
  one("[data-view=judging]", HTMLElement).hidden = !assignment;
  one("[data-view=done]", HTMLElement).hidden = Boolean(assignment);
  form.hidden = !assignment;
  clearPicks();
  if (!assignment) {
    one("[data-view=done] h2", HTMLElement).focus();
    waitForMore();
    return;
  }
  one("input[name=assignment]", HTMLInputElement, form).value = String(assignment.id);
  showConversation(conversation, assignment.prompt, messageTemplate);
  completions.show(assignment);
  if (why === "undone") {
    showNote(gettext("Taken back."));
    announce(gettext("Taken back. The earlier pair is shown again."));
  } else if (why === "judged") {
    announce(`${justSaid} ${gettext("The next pair is shown.")}`);
  }
  // To the top, for the eye and for the screen reader; and away from a button that a press of the space bar would repeat.
  scrollTo({ top: 0, behavior: "instant" });
  one(".prompt", HTMLElement).focus({ preventScroll: true });
  showCriteria(earlier?.criteria ?? {});
  commentText.value = earlier?.comment ?? "";
  comment.open = Boolean(commentText.value);
  turnDeaf();
  edit.about(assignment, earlier);
  void lookAtGuidelines(assignment);
}

/** @param {Assignment} assignment */
async function lookAtGuidelines(assignment) {
  const wanted = assignment.guideline_version ?? 0;
  if (wanted <= Number(page.dataset.guidelines) || !(await freshGuidelines(page, wanted))) return;
  const text = interpolate(gettext("The guidelines have changed: version %(number)s."), { number: wanted });
  showToast(toast, text, { label: gettext("Read them"), act: () => openDialog("guidelines") });
}

/** Looks whether comparisons were added, without taking one from anybody, and asks for one when there were. */
function waitForMore() {
  if (isWaiting) return;
  isWaiting = true;
  let known = Number(one("[data-count=comparisons]", HTMLElement).textContent?.replace(/\D/g, ""));
  poll(
    async () => {
      if (!judging.assignment) {
        const progress = await call("GET", `${api}campaigns/${campaign}/progress/`);
        if (progress.comparisons > known) await judging.lookForMore();
        known = progress.comparisons;
      }
      isWaiting = !judging.assignment;
      return !isWaiting;
    },
    { every: LOOK_AGAIN_MS },
  );
}

/** @param {Progress} progress */
function counted(progress) {
  // With the end of the pause after a judgment, so that what changes last says that the next one is taken.
  if (deaf) afterPause = () => showProgress(progress);
  else showProgress(progress);
}

/** @param {Saying} saying */
function said(saying) {
  justSaid = inWords(saying);
  showNote(justSaid);
  if ((saying.strength ?? 1) > 1) announce(justSaid); // of the pair before, where the next one is shown already
  const minutes = worked();
  if (minutes === null) return;
  const text = gettext("You have judged for %(minutes)s minutes. A few minutes away from it keep judgments steady.");
  showToast(toast, interpolate(text, { minutes }));
}

/** @param {Saying} saying */
function confirmed(saying) {
  if (judging.onTheirWay > 1) return;
  showNote(saying.choice === "skip" ? gettext("Skipped.") : interpolate(gettext("Saved: %(what)s"), { what: inWords(saying) }));
}

/** @param {string} text */
function showNote(text) {
  saved.textContent = text;
  clearTimeout(noteTimer);
  noteTimer = setTimeout(() => (saved.textContent = ""), NOTE_MS);
}

/** @param {Trouble | null} problem */
function troubled(problem) {
  trouble.hidden = !problem;
  one("[data-do=retry]", HTMLElement).hidden = !problem || problem.kind === "refused";
  one("[data-sign-in]", HTMLElement).hidden = problem?.kind !== "signed-out";
  if (problem) one("[data-trouble-text]", HTMLElement).textContent = explain(problem);
  if (problem?.kind === "signed-out") void kept.forget();
}

function changed() {
  const ready = Boolean(judging.assignment) && !judging.busy && !deaf;
  page.dataset.state = judging.busy ? "busy" : !judging.assignment ? "done" : ready ? "ready" : "settling";
  form.toggleAttribute("data-busy", judging.busy);
  for (const button of all("button", HTMLButtonElement, form)) button.setAttribute("aria-disabled", String(!ready));
  undoButton.disabled = !judging.canUndo;
  const waiting = judging.onTheirWay;
  page.dataset.waiting = String(waiting);
  onTheirWay.hidden = waiting < 2;
  onTheirWay.textContent = interpolate(ngettext("%(count)s on its way", "%(count)s on their way", waiting), { count: waiting });
  if (!judging.busy) clearPicks();
  kept.note(() => judging.session);
}

function turnDeaf() {
  deaf = true;
  clearTimeout(deafTimer);
  deafTimer = setTimeout(() => {
    deaf = false;
    changed();
    afterPause();
    afterPause = () => {};
  }, DOUBLE_PRESS_MS);
}

/**
 * Judges, and shows at once what was picked.
 *
 * @param {Saying} saying
 * @param {number} [rest] milliseconds in which it may be said more strongly
 */
function judge(saying, rest = 0) {
  if (judging.busy || deaf || !judging.assignment) return;
  if (saying.choice !== "skip") {
    if (goToOpenCriterion()) {
      showNote(gettext("Answer this one first."));
      announce(gettext("Answer this one first."));
      return;
    }
    const answered = criteriaSaid();
    if (Object.keys(answered).length) saying = { ...saying, criteria: answered };
  }
  if (commentText.value.trim()) saying = { ...saying, comment: commentText.value };
  const value = saying.strength ? `${saying.choice}:${saying.strength}` : saying.choice;
  maybe(`button[value="${value}"]`, HTMLElement, form)?.classList.add("is-picked");
  if (saying.choice === "left" || saying.choice === "right") one(`#${saying.choice}`, HTMLElement).classList.add("is-picked");
  judging.judge(saying, rest);
}

function clearPicks() {
  for (const element of all(".is-picked", HTMLElement)) element.classList.remove("is-picked");
}

/**
 * @param {string} action of a button that is on or off
 * @param {boolean} isOn
 * @param {string} sentence
 */
function switched(action, isOn, sentence) {
  maybe(`[data-do=${action}]`, HTMLElement)?.setAttribute("aria-pressed", String(isOn));
  announce(sentence);
}

/**
 * What a button of the form says: "left", "tie", "right:2", ...
 *
 * @param {string} value
 * @returns {Saying}
 */
function sayingOf(value) {
  const [choice = "", strength] = value.split(":");
  return strength ? { choice, strength: Number(strength) } : { choice };
}

/** @type {Record<string, () => void>} what a button or a key does, besides judging */
const DO = {
  plain: () => {
    completions.isPlain = !completions.isPlain;
    if (judging.assignment) completions.show(judging.assignment);
    const sentence = completions.isPlain ? gettext("Completions as plain text.") : gettext("Completions as they are meant to look.");
    switched("plain", completions.isPlain, sentence);
  },
  differences: () => {
    const isOn = completions.toggleDifferences();
    switched("differences", isOn, isOn ? gettext("Words that differ are marked.") : gettext("Differences are not marked."));
  },
  focus: () => announce(FOCUS_SAID[completions.turnFocus()]),
  panes: () => announce(PANES_SAID[turnPanes(page)] ?? ""),
  larger: () => resize(page, 1),
  smaller: () => resize(page, -1),
  display: () => openDialog("display"),
  help: () => openDialog("help"),
  guidelines: () => Number(page.dataset.guidelines) && openDialog("guidelines"),
  reasons: () => openDialog("reasons"),
  comment: () => {
    comment.open = true;
    commentText.focus();
  },
  edit: () => edit.open(judging.assignment),
  undo: () => void judging.undo(),
  retry: () => judging.outbox.hurry(),
  more: () => void judging.lookForMore(),
};

const SIDES = ["left", "right"];
const bindings = new KeyBindings("annotate", KEYS);

/**
 * @param {KeyboardEvent} event
 * @returns {(() => void) | null} what the key does here
 */
function onKey(event) {
  const action = bindings.find(event, SIDES);
  if (action === "left" || action === "right") return sideKey(action, event);
  if (action === "tie" || action === "both_bad" || action === "skip") {
    return maybe(`button[value="${action}"]`, HTMLElement, form) ? () => judge({ choice: action }) : null;
  }
  if (action === "reasons" && !maybe("[data-do=reasons]", HTMLElement, form)) return null;
  return action ? (DO[action] ?? null) : null;
}

/**
 * @param {"left" | "right"} side
 * @param {KeyboardEvent} event
 * @returns {(() => void) | null}
 */
function sideKey(side, event) {
  if (strength) return strength.key(side, event);
  return event.shiftKey || event.altKey ? null : () => judge({ choice: side });
}

onKeys(onKey);

commentText.addEventListener("keydown", (event) => {
  if (event.key === "Escape") one(".prompt", HTMLElement).focus({ preventScroll: true });
});

// What is missing is said in the same words by button and by key; the browser's own check is for where there is no script.
form.noValidate = true;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = event.submitter;
  if (!(button instanceof HTMLButtonElement)) return;
  // A phone has no room for the second button: there the first one asks.
  const asksWhy = button.value === "skip" && !one("[data-do=reasons]", HTMLElement, form).checkVisibility();
  if (asksWhy) openDialog("reasons");
  else judge(sayingOf(button.value));
});

one("[data-undo]", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  void judging.undo();
});

for (const element of all("[data-do]", HTMLElement)) {
  const action = element.dataset.do ?? "";
  if (!DO[action]) continue;
  const isKept = action === "retry" || (action === "guidelines" && !Number(page.dataset.guidelines));
  if (!isKept && !(action === "differences" && !completions.canMark)) element.hidden = false;
  element.addEventListener("click", (event) => {
    event.preventDefault();
    DO[action]?.();
  });
}

startToast(toast);
startDialogs();
startReasons(judge);
startDisplay(page, one("dialog#display", HTMLDialogElement));
startKeyNames(bindings, one("dialog#help", HTMLDialogElement));
fold(conversation);
if (page.dataset.kept === undefined) {
  const island = maybe("script#assignment", HTMLScriptElement);
  judging.start(island ? JSON.parse(island.textContent ?? "null") : null, Number(page.dataset.lastJudged) || null);
  if (!judging.assignment && !judging.busy) waitForMore();
  kept.start();
} else {
  judging.resume(await kept.read());
}
