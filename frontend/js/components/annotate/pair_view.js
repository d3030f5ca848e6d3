// The pair on the page: its prompt and its two completions, or that there is none.

import { one } from "../../lib/dom.js";
import { Completions } from "./completions.js";
import { Conversation } from "./conversation.js";
import { SideTabs } from "./side_tabs.js";

/** @typedef {import("../../judging/types.js").Assignment} Assignment */

export class PairView {
  constructor() {
    this.judging = one("[data-view=judging]", HTMLElement);
    this.done = one("[data-view=done]", HTMLElement);
    this.prompt = one(".prompt", HTMLElement);
    this.conversation = new Conversation(one(".conversation", HTMLElement), one("template#message", HTMLTemplateElement));
    this.completions = new Completions(one(".completions", HTMLElement));
    this.sideTabs = new SideTabs(one("[data-side-tabs]", HTMLElement), one(".completions", HTMLElement));
  }

  /** @param {Assignment | null} assignment null: nothing is left */
  show(assignment) {
    this.judging.hidden = !assignment;
    this.done.hidden = Boolean(assignment);
    if (!assignment) {
      one("h2", HTMLElement, this.done).focus();
      return;
    }
    this.conversation.show(assignment.prompt);
    this.completions.show(assignment);
    this.sideTabs.reset();
  }

  /** To the top, for the eye and for the screen reader; and away from a button that the space bar would press again. */
  focusTop() {
    scrollTo({ top: 0, behavior: "instant" });
    this.focus();
  }

  /** Leads the keyboard back to the pair. */
  focus() {
    this.prompt.focus({ preventScroll: true });
  }
}
