// The annotator's page: keys and buttons in, the next pair out, without loading the page again.

import { keepRoomForBar } from "../components/annotate/bar_room.js";
import { ChoiceForm } from "../components/annotate/choice_form.js";
import { CommentBox } from "../components/annotate/comment_box.js";
import { Criteria } from "../components/annotate/criteria.js";
import { defaultKeys } from "../components/annotate/default_keys.js";
import { Display } from "../components/annotate/display.js";
import { EditDialog } from "../components/annotate/edit_dialog.js";
import { GuidelinesDialog } from "../components/annotate/guidelines_dialog.js";
import { KeyDialog } from "../components/annotate/key_dialog.js";
import { NewPairs } from "../components/annotate/new_pairs.js";
import { PairView } from "../components/annotate/pair_view.js";
import { PressGuard } from "../components/annotate/press_guard.js";
import { ProgressView } from "../components/annotate/progress_view.js";
import { QuestionDialog } from "../components/annotate/question_dialog.js";
import { startReasonsDialog } from "../components/annotate/reasons_dialog.js";
import { UNDO_REFUSALS, judgmentSentence } from "../components/annotate/sentences.js";
import { StatusNote } from "../components/annotate/status_note.js";
import { Toast } from "../components/annotate/toast.js";
import { Tools } from "../components/annotate/tools.js";
import { TroubleNotice } from "../components/annotate/trouble_notice.js";
import { openDialog, startDialogs } from "../components/dialogs.js";
import { OfflineCopy } from "../judging/offline_copy.js";
import { RepeatedPress } from "../judging/repeated_press.js";
import { RestReminder } from "../judging/rest_reminder.js";
import { JudgingSession } from "../judging/session.js";
import { announce } from "../lib/announce.js";
import { maybe, one } from "../lib/dom.js";
import { KeyBindings } from "../lib/key_bindings.js";
import { onKeys } from "../lib/shortcuts.js";
import { gettext, interpolate } from "../lib/translation.js";

/** @typedef {import("../judging/types.js").Assignment} Assignment */
/** @typedef {import("../judging/types.js").JudgmentDraft} JudgmentDraft */
/** @typedef {import("../judging/types.js").Trouble} Trouble */

const SIDES = ["left", "right"];

class AnnotatePage {
  /** The last judgment in words, announced together with the pair that follows. */
  #lastSentence = "";
  /** The sentence that asks for a missing answer, until it is given. */
  #askedFor = "";
  /** @type {Map<number, Partial<JudgmentDraft>>} answers to pairs that left the page without a judgment */
  #unfinished = new Map();
  /** The pair that was judged while it was on the page; its answers are in the judgment. */
  #judgedPair = 0;

  /** @param {HTMLElement} page */
  constructor(page) {
    const { api = "/api/v1/", campaign = "", owner = "", ahead, undoSeconds, worker = "" } = page.dataset;
    const judge = (/** @type {JudgmentDraft} */ draft, rest = 0) => this.judge(draft, rest);
    this.page = page;
    this.session = new JudgingSession({ api, campaign, owner, ahead: Number(ahead), undoSeconds: Number(undoSeconds) }, {
      showPair: (pair, reason, earlier) => this.#showPair(pair, reason, earlier ?? null),
      showProgress: (progress) => this.guard.whenOpen(() => this.progress.show(progress)),
      drafted: (draft) => this.#afterDraft(draft),
      saved: (draft) => this.#afterSaved(draft),
      showTrouble: (trouble) => this.#showTrouble(trouble),
      refused: ({ assignment, body }) => this.#unfinished.set(assignment, body),
      undoRefused: (refusal) => this.#say(UNDO_REFUSALS[refusal]),
      changed: () => this.#showState(),
    });
    this.guard = new PressGuard(() => this.#showState());
    this.pairView = new PairView();
    this.progress = new ProgressView();
    this.choices = new ChoiceForm(one("[data-choices]", HTMLFormElement), { judge, askForReason: () => openDialog("reasons") });
    this.undoButton = one("[data-undo] button", HTMLButtonElement);
    this.criteria = new Criteria(page, () => this.note.clear(this.#askedFor));
    this.comment = new CommentBox(one("[data-comment]", HTMLDetailsElement), () => this.pairView.focus());
    this.note = new StatusNote(one("[data-saved]", HTMLElement), one("[data-on-their-way]", HTMLElement));
    this.trouble = new TroubleNotice(one(".trouble", HTMLElement));
    this.toast = new Toast(one("[data-toast]", HTMLElement));
    this.guidelines = new GuidelinesDialog(one("dialog#guidelines", HTMLDialogElement), page);
    this.question = new QuestionDialog(one("dialog#ask", HTMLDialogElement), { api, session: this.session, judge });
    const editDialog = maybe("dialog#edit", HTMLDialogElement);
    this.edit = editDialog && new EditDialog(editDialog, judge, () => this.criteria.showMissing());
    this.strength = this.choices.usesStrength ? new RepeatedPress(judge, (side) => this.session.strengthen(side)) : null;
    this.newPairs = new NewPairs(`${api}campaigns/${campaign}/progress/`, this.session);
    this.offlineCopy = new OfflineCopy(worker, owner);
    this.restReminder = new RestReminder();
    this.bindings = new KeyBindings("annotate", defaultKeys(this.criteria.groups.length), { varied: SIDES });
    this.tools = new Tools(this, new Display(page, one("dialog#display", HTMLDialogElement)));
    keepRoomForBar(one(".choice-bar", HTMLElement));
    startDialogs();
    startReasonsDialog(one("dialog#reasons", HTMLDialogElement), judge);
    new KeyDialog(this.bindings, one("dialog#help", HTMLDialogElement));
    onKeys((event) => this.#actionOf(event));
    one("[data-undo]", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.session.undo();
    });
  }

  /** Begins with the pair that the server wrote into the page; in a stored page, with what an earlier one held. */
  async start() {
    if (this.page.dataset.kept !== undefined) {
      this.session.resume(await this.offlineCopy.read());
      return;
    }
    const island = maybe("script#assignment", HTMLScriptElement);
    this.session.start(island ? JSON.parse(island.textContent ?? "null") : null, Number(this.page.dataset.lastJudged) || null);
    if (!this.session.assignment && !this.session.isBusy) this.newPairs.wait(this.progress.comparisons);
    this.offlineCopy.start();
  }

  /**
   * Judges, and marks at once what was picked.
   *
   * @param {JudgmentDraft} draft
   * @param {number} rest milliseconds in which it can be made stronger
   */
  judge(draft, rest) {
    if (this.session.isBusy || this.guard.isClosed || !this.session.assignment) return;
    const missing = draft.choice === "skip" ? null : this.criteria.showMissing();
    if (missing !== null) {
      this.#askedFor = interpolate(gettext("Answer “%(name)s” first."), { name: missing });
      this.#say(this.#askedFor);
      return;
    }
    const whole = this.#withAnswers(draft);
    this.choices.markPicked(whole);
    this.#judgedPair = this.choices.pairId;
    this.session.judge(whole, rest);
  }

  /**
   * @param {JudgmentDraft} draft
   * @returns {JudgmentDraft} with the answers to the criteria and the comment
   */
  #withAnswers(draft) {
    const { answers } = this.criteria;
    const comment = this.comment.text;
    return {
      ...draft,
      ...(draft.choice !== "skip" && Object.keys(answers).length ? { criteria: answers } : {}),
      ...(comment ? { comment } : {}),
    };
  }

  /**
   * @param {Assignment | null} pair
   * @param {import("../judging/types.js").ShowReason} reason
   * @param {JudgmentDraft | null} earlier the judgment that was undone
   */
  #showPair(pair, reason, earlier) {
    const { pairId } = this.choices;
    if (pairId && pairId !== this.#judgedPair) this.#unfinished.set(pairId, this.#withAnswers({ choice: "" }));
    this.#judgedPair = 0;
    const answers = earlier ?? this.#unfinished.get(pair?.id ?? 0) ?? {};
    this.choices.show(pair?.id ?? null);
    this.choices.clearPicked();
    this.pairView.show(pair);
    if (!pair) {
      this.newPairs.wait(this.progress.comparisons);
      return;
    }
    if (reason === "undone") {
      this.note.show(gettext("Judgment undone."));
      announce(gettext("Judgment undone. The earlier pair is shown again."));
    } else if (reason === "judged") {
      announce(`${this.#lastSentence} ${gettext("The next pair is shown.")}`);
    }
    this.pairView.focusTop();
    this.criteria.fill(answers.criteria ?? {});
    this.comment.fill(answers.comment ?? "");
    this.#unfinished.delete(pair.id);
    this.guard.close();
    this.edit?.prepare(pair, earlier);
    void this.#updateGuidelines(pair.guideline_version ?? 0);
  }

  /** @param {number} version that holds for the pair on the page */
  async #updateGuidelines(version) {
    if (!(await this.guidelines.update(version))) return;
    const text = interpolate(gettext("The guidelines have changed: version %(number)s."), { number: version });
    this.toast.show(text, { label: gettext("Read guidelines"), act: () => this.guidelines.open() });
  }

  /** @param {JudgmentDraft} draft */
  #afterDraft(draft) {
    this.#lastSentence = judgmentSentence(draft);
    this.note.show(this.#lastSentence);
    if ((draft.strength ?? 1) > 1) announce(this.#lastSentence); // of the earlier pair, where the next one is shown already
    const minutes = this.restReminder.minutesAtWork();
    if (minutes === null) return;
    const text = gettext("You have been judging for %(minutes)s minutes. A short break keeps judgments consistent.");
    this.toast.show(interpolate(text, { minutes }));
  }

  /** @param {string} text shown beside "Undo" */
  #say(text) {
    this.note.show(text);
    announce(text);
  }

  /** @param {JudgmentDraft} draft */
  #afterSaved(draft) {
    if (this.session.pendingCount > 1) return;
    const what = judgmentSentence(draft);
    this.note.show(draft.choice === "skip" ? what : interpolate(gettext("Saved: %(what)s"), { what }));
  }

  /** @param {Trouble | null} trouble */
  #showTrouble(trouble) {
    this.trouble.show(trouble);
    if (trouble?.kind === "signed-out") void this.offlineCopy.forget();
  }

  #showState() {
    const { assignment, isBusy, canUndo, undoRefusal, pendingCount } = this.session;
    const isReady = Boolean(assignment) && !isBusy && !this.guard.isClosed;
    this.page.dataset.state = isBusy ? "busy" : !assignment ? "done" : isReady ? "ready" : "settling";
    this.page.dataset.waiting = String(pendingCount);
    this.choices.showState({ isBusy, isReady });
    if (!isBusy) this.choices.clearPicked();
    this.undoButton.disabled = !canUndo;
    if (canUndo || undoRefusal) this.undoButton.title = undoRefusal ? UNDO_REFUSALS[undoRefusal] : "";
    this.note.showPending(pendingCount);
    this.offlineCopy.save(() => this.session.state);
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {(() => void) | null} what the key does here
   */
  #actionOf(event) {
    return this.#boundAction(event) ?? (this.criteria.wouldMove(event) ? () => {} : null);
  }

  /** @param {KeyboardEvent} event */
  #boundAction(event) {
    const action = this.bindings.find(event, this.strength ? SIDES : []);
    if (action === "left" || action === "right") return this.#sideAction(action, event);
    if (action === "tie" || action === "both_bad" || action === "skip") {
      return this.choices.offers(action) ? () => this.judge({ choice: action }, 0) : null;
    }
    return action ? (this.#criterionAction(action) ?? this.tools.action(action)) : null;
  }

  /** @param {string} action */
  #criterionAction(action) {
    const answer = this.criteria.action(action);
    return answer && (() => this.session.assignment && !this.session.isBusy && answer());
  }

  /**
   * @param {"left" | "right"} side
   * @param {KeyboardEvent} event
   */
  #sideAction(side, event) {
    if (this.strength) return this.strength.action(side, event);
    return event.shiftKey ? null : () => this.judge({ choice: side }, 0);
  }
}

await new AnnotatePage(one("#main", HTMLElement)).start();
