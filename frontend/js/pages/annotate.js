// The annotator's page: keys and buttons in, the next pair out, without loading the page again.

import { fold, showConversation } from "../components/conversation.js";
import { announce } from "../lib/announce.js";
import { call } from "../lib/api.js";
import { all, maybe, one } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { Judging } from "../lib/judging.js";
import { onKeys } from "../lib/keys.js";
import { poll } from "../lib/poll.js";

/** @typedef {import("../lib/judging.js").Assignment} Assignment */
/** @typedef {import("../lib/judging.js").Progress} Progress */
/** @typedef {import("../lib/judging.js").Saying} Saying */
/** @typedef {import("../lib/judging.js").Trouble} Trouble */

// Long enough that the second half of a double press is not taken for a judgment of the next pair, which nobody has
// read yet; too short to be noticed.
const DOUBLE_PRESS_MS = 200;

const page = one("#main", HTMLElement);
const api = page.dataset.api ?? "/api/v1/";
const campaign = page.dataset.campaign ?? "";
const form = one("[data-choices]", HTMLFormElement);
const undoButton = one("[data-undo] button", HTMLButtonElement);
const conversation = one(".conversation", HTMLElement);
const messageTemplate = one("template#message", HTMLTemplateElement);
const trouble = one(".trouble", HTMLElement);
const saved = one("[data-saved]", HTMLElement);
const hasStrength = form.classList.contains("choices-strength");

const NOTE_MS = 4000;
const LOOK_AGAIN_MS = 5000;

let deaf = false;
let isWaiting = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let noteTimer;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let deafTimer;
let afterPause = () => {};
let isPlain = false;

const judging = new Judging(api, campaign, {
  shown,
  counted,
  saved: (saying) => showSaved(saying),
  troubled,
  changed,
});

/**
 * @param {Assignment | null} assignment
 * @param {"judged" | "undone" | "found"} why
 */
function shown(assignment, why) {
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
  showCompletions(assignment);
  if (why === "undone") {
    showNote("Taken back.");
    announce("Taken back. The earlier pair is shown again.");
  }
  // To the top, for the eye and for the screen reader; and away from a button that a press of the space bar would repeat.
  scrollTo({ top: 0, behavior: "instant" });
  one(".prompt", HTMLElement).focus({ preventScroll: true });
  for (const input of criteria()) input.checked = false;
  turnDeaf();
}

/** Looks whether comparisons were added, without taking one from anybody, and asks for one when there were. */
function waitForMore() {
  if (isWaiting) return;
  isWaiting = true;
  let known = Number(one("[data-count=comparisons]", HTMLElement).textContent?.replaceAll(",", ""));
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

/** @param {Assignment} assignment */
function showCompletions(assignment) {
  for (const side of /** @type {const} */ (["left", "right"])) {
    const prose = one(`#${side} .prose`, HTMLElement);
    prose.classList.toggle("is-plain", isPlain);
    if (isPlain) prose.textContent = assignment[side].text;
    else prose.innerHTML = assignment[side].html;
    const model = maybe(`#${side} [data-model]`, HTMLElement);
    if (model) model.textContent = assignment[side].model;
  }
}

/** @param {Progress} progress */
function counted(progress) {
  // With the end of the pause after a judgment, so that what changes last says that the next one is taken.
  if (deaf) afterPause = () => counted(progress);
  else showProgress(progress);
}

/** @param {Progress} progress */
function showProgress(progress) {
  for (const element of all("[data-count]", HTMLElement)) {
    const number = progress[/** @type {keyof Progress} */ (element.dataset.count)];
    if (typeof number === "number") element.textContent = count(number);
  }
  const notice = one("[data-notice]", HTMLElement);
  notice.hidden = !progress.notice;
  notice.textContent = progress.notice;
  const bar = one("[data-campaign-progress]", HTMLProgressElement);
  bar.max = Math.max(1, progress.comparisons);
  bar.value = progress.settled;
}

/** @type {Record<string, string>} */
const SAID = { tie: "Tie", both_bad: "Both bad", skip: "Skipped" };

/** @param {Saying} saying */
function showSaved(saying) {
  const stacked = matchMedia("(width < 60rem)").matches;
  const sides = stacked ? { left: "Top", right: "Bottom" } : { left: "Left", right: "Right" };
  const said = SAID[saying.choice] ?? `${saying.choice === "left" ? sides.left : sides.right} is better`;
  showNote(saying.choice === "skip" ? "Skipped." : `Saved: ${said}.`);
  announce(judging.assignment ? `Saved: ${said}. The next pair is shown.` : `Saved: ${said}.`);
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
  one("[data-do=retry]", HTMLElement).hidden = problem?.kind !== "offline";
  one("[data-sign-in]", HTMLElement).hidden = problem?.kind !== "signed-out";
  if (problem) one("[data-trouble-text]", HTMLElement).textContent = explain(problem);
}

/** @param {Trouble} problem */
function explain(problem) {
  if (problem.kind === "refused") return problem.message;
  if (problem.kind === "signed-out") return "You are signed out. What you said is kept here: sign in, then reload this page.";
  const wait = `${problem.seconds} second${problem.seconds === 1 ? "" : "s"}`;
  return `The server cannot be reached. What you said is kept and goes out again in ${wait}.`;
}

function changed() {
  const ready = !judging.busy && !deaf;
  page.dataset.state = judging.busy ? "busy" : !judging.assignment ? "done" : ready ? "ready" : "settling";
  form.toggleAttribute("data-busy", judging.busy);
  for (const button of all("button", HTMLButtonElement, form)) button.setAttribute("aria-disabled", String(!ready));
  undoButton.disabled = !judging.canUndo || judging.busy;
  if (!judging.busy) clearPicks();
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
 */
function judge(saying) {
  if (judging.busy || deaf || !judging.assignment) return;
  if (saying.choice !== "skip") {
    if (!hasAllCriteria()) return;
    const said = criteria().filter((input) => input.checked);
    if (said.length) saying = { ...saying, criteria: Object.fromEntries(said.map((input) => [criterion(input), input.value])) };
  }
  const value = saying.strength ? `${saying.choice}:${saying.strength}` : saying.choice;
  maybe(`button[value="${value}"]`, HTMLElement, form)?.classList.add("is-picked");
  if (saying.choice === "left" || saying.choice === "right") one(`#${saying.choice}`, HTMLElement).classList.add("is-picked");
  void judging.judge(saying);
}

/** @returns {HTMLInputElement[]} */
function criteria() {
  return all(".criterion input", HTMLInputElement);
}

/**
 * @param {HTMLInputElement} input
 * @returns {string} the name of its criterion
 */
function criterion(input) {
  return input.name.replace("criterion-", "");
}

/** Whether every criterion that must be answered is; goes to the first that is not. */
function hasAllCriteria() {
  const open = all(".criterion[data-required]", HTMLFieldSetElement).find((group) => !maybe("input:checked", HTMLInputElement, group));
  if (!open) return true;
  one("input", HTMLInputElement, open).focus();
  showNote("Answer this one first.");
  announce("Answer this one first.");
  return false;
}

function clearPicks() {
  for (const element of all(".is-picked", HTMLElement)) element.classList.remove("is-picked");
}

function togglePlain() {
  isPlain = !isPlain;
  one("[data-do=plain]", HTMLElement).setAttribute("aria-pressed", String(isPlain));
  if (judging.assignment) showCompletions(judging.assignment);
  announce(isPlain ? "Completions as plain text." : "Completions as they are meant to look.");
}

/** @param {string} id */
function openDialog(id) {
  maybe(`dialog#${id}`, HTMLDialogElement)?.showModal();
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

/**
 * @param {"left" | "right"} side
 * @param {KeyboardEvent} event
 * @returns {(() => void) | null}
 */
function sideKey(side, event) {
  if (!hasStrength) return event.shiftKey || event.altKey ? null : () => judge({ choice: side });
  // Alt with an arrow is the browser's own "back".
  if (event.altKey && event.code.startsWith("Arrow")) return null;
  const strength = event.altKey ? 3 : event.shiftKey ? 2 : 1;
  return () => judge({ choice: side, strength });
}

/**
 * @param {string} choice
 * @returns {(() => void) | null} null where the campaign does not offer it
 */
function plainKey(choice) {
  return maybe(`button[value="${choice}"]`, HTMLElement, form) ? () => judge({ choice }) : null;
}

/** @type {Record<string, (event: KeyboardEvent) => (() => void) | null>} by code: keys that shift or alt would rename */
const BY_CODE = {
  ArrowLeft: (event) => sideKey("left", event),
  Digit1: (event) => sideKey("left", event),
  Numpad1: (event) => sideKey("left", event),
  ArrowRight: (event) => sideKey("right", event),
  Digit2: (event) => sideKey("right", event),
  Numpad2: (event) => sideKey("right", event),
};

/** @type {Record<string, () => (() => void) | null>} */
const BY_KEY = {
  3: () => plainKey("tie"),
  "=": () => plainKey("tie"),
  t: () => plainKey("tie"),
  0: () => plainKey("both_bad"),
  b: () => plainKey("both_bad"),
  s: () => plainKey("skip"),
  S: () => (maybe("[data-do=reasons]", HTMLElement, form) ? () => openDialog("reasons") : null),
  z: () => () => void judging.undo(),
  u: () => () => void judging.undo(),
  Backspace: () => () => void judging.undo(),
  p: () => togglePlain,
  g: () => () => openDialog("guidelines"),
  "?": () => () => openDialog("help"),
};

onKeys((event) => BY_CODE[event.code]?.(event) ?? (event.altKey ? null : (BY_KEY[event.key]?.() ?? null)));

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

/** @type {Record<string, () => void>} */
const DO = {
  plain: togglePlain,
  help: () => openDialog("help"),
  guidelines: () => openDialog("guidelines"),
  reasons: () => openDialog("reasons"),
  retry: () => judging.outbox.hurry(),
  more: () => void judging.lookForMore(),
};

for (const element of all("[data-do]", HTMLElement)) {
  if (element.dataset.do !== "retry") element.hidden = false;
  element.addEventListener("click", (event) => {
    event.preventDefault();
    DO[element.dataset.do ?? ""]?.();
  });
}

const reasons = one("dialog#reasons", HTMLDialogElement);
const reasonButtons = all(".reasons button", HTMLButtonElement, reasons);
for (const button of reasonButtons) {
  button.addEventListener("click", () => {
    reasons.close();
    if (button.dataset.flag) judge({ choice: "skip", flag: button.dataset.flag });
    else judge(button.value ? { choice: "skip", skip_reason: button.value } : { choice: "skip" });
  });
}
const byNumber = reasonButtons.filter((button) => !button.dataset.flag);
reasons.addEventListener("keydown", (event) => /^\d$/.test(event.key) && byNumber[Number(event.key)]?.click());

// A click on the veil closes a dialog, as everywhere.
for (const dialog of all("dialog", HTMLDialogElement)) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}

fold(conversation);
const island = maybe("script#assignment", HTMLScriptElement);
judging.start(island ? JSON.parse(island.textContent ?? "null") : null, Number(page.dataset.lastJudged) || null);
if (!judging.assignment) waitForMore();
