// How far an experiment is, and what it waits for.

import { maybe, one } from "../../lib/dom.js";
import { isActive, statusLabel } from "../../lib/job_status.js";
import { gettext, interpolate } from "../../lib/translation.js";
import { isComplete } from "./progress.js";

/** @typedef {import("./types.js").Session} Session */

export class ExperimentStatus {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.chip = one("[data-lab-status]", HTMLElement, place);
    this.steps = one("[data-lab-steps]", HTMLElement, place);
    this.starting = one("[data-lab-starting]", HTMLElement, place);
    this.numbers = one("[data-lab-numbers]", HTMLElement, place);
    this.line = maybe("[data-lab-says]", HTMLElement, place); // there while more steps can be asked for
    this.error = one("[data-lab-error]", HTMLElement, place);
  }

  /** @param {Session} session */
  show(session) {
    const isResting = isComplete(session) && session.status === "running";
    this.chip.dataset.state = isResting ? "finished" : session.status;
    this.chip.textContent = isResting ? gettext("Ready for the next step") : statusLabel(session.status);
    const text = session.done < session.total ? gettext("Steps trained: %(done)s of %(total)s") : gettext("Steps trained: %(done)s");
    this.steps.textContent = interpolate(text, { done: session.done, total: session.total });
    this.starting.hidden = !isActive(session.status) || session.points.length > 0;
    this.numbers.hidden = !session.points.length;
    this.explain(waitingFor(session));
    this.error.hidden = !session.error;
    this.error.textContent = session.error;
  }

  /** @param {string} text */
  explain(text) {
    if (this.line) this.line.textContent = text;
  }
}

/**
 * @param {Session} session
 * @returns {string} empty: nothing
 */
function waitingFor(session) {
  if (session.status === "queued") return session.waits_for?.sentence ?? "";
  if (session.status !== "running") return "";
  if (!session.points.length) return gettext("Loading the model: about ten seconds.");
  if (session.done < session.total) return gettext("Training …");
  return isComplete(session) ? "" : gettext("Writing a few sample completions …");
}
