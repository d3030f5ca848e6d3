// The tools of the annotator's page: its buttons and keys other than those that judge.

import { announce } from "../../lib/announce.js";
import { all, maybe, one } from "../../lib/dom.js";
import { gettext } from "../../lib/translation.js";
import { openDialog } from "../dialogs.js";
import { FOCUS_SENTENCES, PANES_SENTENCES } from "./sentences.js";

/**
 * @typedef {object} Page what of the page the tools work on
 * @property {import("../../judging/session.js").JudgingSession} session
 * @property {import("./pair_view.js").PairView} pairView
 * @property {import("./comment_box.js").CommentBox} comment
 * @property {import("./choice_form.js").ChoiceForm} choices
 * @property {import("./guidelines_dialog.js").GuidelinesDialog} guidelines
 * @property {import("./question_dialog.js").QuestionDialog} question
 * @property {import("./edit_dialog.js").EditDialog | null} edit
 * @property {import("./toast.js").Toast} toast
 */

export class Tools {
  /**
   * @param {Page} page
   * @param {import("./display.js").Display} display
   */
  constructor(page, display) {
    const { session, pairView, comment, choices, guidelines, question, edit, toast } = page;
    const { completions } = pairView;
    /** @type {Record<string, () => void>} */
    this.actions = {
      plain: () => {
        const isOn = completions.togglePlain(session.assignment);
        showPressed("plain", isOn);
        announce(isOn ? gettext("Completions are shown as source.") : gettext("Completions are shown formatted."));
      },
      differences: () => {
        const isOn = completions.toggleDifferences();
        showPressed("differences", isOn);
        if (!isOn) announce(gettext("Differences are no longer marked."));
      },
      focus: () => {
        const side = completions.turnFocus();
        showPressed("focus", side !== "both");
        announce(FOCUS_SENTENCES[side]);
      },
      panes: () => announce(PANES_SENTENCES[display.turnPanes()] ?? ""),
      larger: () => display.resize(1),
      smaller: () => display.resize(-1),
      display: () => openDialog("display"),
      help: () => openDialog("help"),
      guidelines: () => guidelines.open(),
      ask: () => question.open(),
      comment: () => comment.open(),
      undo: () => void session.undo(),
      retry: () => session.retryNow(),
      more: () => void session.lookForMore(),
    };
    if (edit) {
      this.actions.edit = () => {
        if (session.assignment?.allow_edit !== false) edit.open(session.assignment);
        else toast.show(gettext("Completions of several turns cannot be edited."));
      };
    }
    if (choices.offersReasons) this.actions.reasons = () => openDialog("reasons");
    const menu = one("#more-tools", HTMLElement);
    menu.addEventListener("click", () => menu.matches(":popover-open") && menu.hidePopover());
    one("[popovertarget=more-tools]", HTMLElement).hidden = false;
    for (const element of all("[data-do]", HTMLElement)) this.#connect(element, { completions, guidelines });
  }

  /**
   * @param {string} name
   * @returns {(() => void) | null} null: this page has no such tool
   */
  action(name) {
    return this.actions[name] ?? null;
  }

  /**
   * Makes a button of the page work, and shows it unless it waits for something.
   *
   * @param {HTMLElement} element
   * @param {{ completions: import("./completions.js").Completions, guidelines: Page["guidelines"] }} page
   */
  #connect(element, { completions, guidelines }) {
    const name = element.dataset.do ?? "";
    const act = this.action(name);
    if (!act) return;
    const isUseless = (name === "guidelines" && !guidelines.version) || (name === "differences" && !completions.canMark);
    if (name !== "retry" && !isUseless) element.hidden = false;
    element.addEventListener("click", (event) => {
      event.preventDefault();
      act();
    });
  }
}

/**
 * @param {string} name of a button that is on or off
 * @param {boolean} isOn
 */
function showPressed(name, isOn) {
  maybe(`[data-do=${name}]`, HTMLElement)?.setAttribute("aria-pressed", String(isOn));
}
