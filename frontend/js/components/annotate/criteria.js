// The questions besides the overall choice: answered by button or by key, and marked where a required one is open. An
// optional one is cleared by choosing its answer again.

import { announce } from "../../lib/announce.js";
import { all, maybe, one } from "../../lib/dom.js";
import { gettext } from "../../lib/translation.js";

const PREFIX = "criterion-";

export class Criteria {
  #isPointed = false;
  /** @type {WeakSet<HTMLInputElement>} the answers before the event that is handled: a browser checks before it tells */
  #given = new WeakSet();

  /**
   * @param {ParentNode} page
   * @param {() => void} [answered] hears of every answer
   */
  constructor(page, answered = () => {}) {
    this.answered = answered;
    this.groups = all(".criterion", HTMLFieldSetElement, page);
    this.inputs = this.groups.flatMap((group) => all("input", HTMLInputElement, group));
    for (const group of this.groups) {
      group.addEventListener("change", () => this.#accept(group));
      group.addEventListener("pointerdown", () => (this.#isPointed = true));
      group.addEventListener("keydown", () => (this.#isPointed = false));
      group.addEventListener("click", (event) => {
        this.#clearAgain(group, event);
        if (this.#isPointed) this.#letGo();
      });
    }
    this.#remember();
  }

  /** @returns {Record<string, string>} answers by the criterion's name */
  get answers() {
    const checked = this.inputs.filter((input) => input.checked);
    return Object.fromEntries(checked.map((input) => [criterionOf(input), input.value]));
  }

  /** @param {Record<string, string>} answers by name; all others are open again */
  fill(answers) {
    for (const input of this.inputs) input.checked = answers[criterionOf(input)] === input.value;
    for (const group of this.groups) setMissing(group, false);
    this.#remember();
  }

  /**
   * @param {string} action "criterion-2-left": the second criterion's answer "left"
   * @returns {(() => void) | null} gives the answer, or clears it where it is given and optional; null: the page has no such criterion
   */
  action(action) {
    const [, row, answer] = /^criterion-(\d+)-(\w+)$/.exec(action) ?? [];
    const group = this.groups[Number(row) - 1];
    const input = group && all("input", HTMLInputElement, group).find((each) => each.value === answer);
    if (!group || !input) return null;
    return () => {
      if (input.checked && isOptional(group)) {
        this.#clear(input);
      } else {
        input.checked = true;
        this.#accept(group);
        announce(`${criterionOf(input)}: ${one("span", HTMLElement, input.parentElement ?? group).innerText}.`);
      }
      this.#letGo();
    };
  }

  /**
   * The answer that was given already is chosen again. The second half of a double click clears nothing.
   *
   * @param {HTMLFieldSetElement} group
   * @param {MouseEvent} event of a pointer, or of Space on the answer that has the focus
   */
  #clearAgain(group, { target, detail }) {
    const isAgain = target instanceof HTMLInputElement && this.#given.has(target) && detail < 2;
    if (isAgain && isOptional(group)) this.#clear(target);
  }

  /** @param {HTMLInputElement} input */
  #clear(input) {
    input.checked = false;
    this.#remember();
    announce(`${criterionOf(input)}: ${gettext("no answer")}.`);
  }

  #remember() {
    this.#given = new WeakSet(this.inputs.filter((input) => input.checked));
  }

  /** @param {HTMLFieldSetElement} group */
  #accept(group) {
    setMissing(group, false);
    this.#remember();
    this.answered();
  }

  /**
   * After a click or a criterion's key, up and down scroll the page: on a radio button that has the focus they would
   * answer instead. After Tab they choose, as in any group of radio buttons.
   */
  #letGo() {
    this.inputs.find((input) => input === document.activeElement)?.blur();
  }

  /**
   * The arrows that choose a side never answer a criterion, even with shift or where another key chooses the side.
   *
   * @param {KeyboardEvent} event
   * @returns {boolean} whether the browser would move to another answer
   */
  wouldMove({ key, target, altKey }) {
    const isSideways = key === "ArrowLeft" || key === "ArrowRight";
    return isSideways && !altKey && target instanceof HTMLInputElement && this.inputs.includes(target);
  }

  /**
   * Marks the required criteria without an answer, and brings the first into view. The focus stays where it is, so that
   * the next key means what it meant before.
   *
   * @returns {string | null} the name of the first; null: nothing is missing
   */
  showMissing() {
    const missing = this.groups.filter((group) => group.hasAttribute("data-required") && !maybe("input:checked", HTMLInputElement, group));
    for (const group of missing) setMissing(group, true);
    missing[0]?.scrollIntoView({ block: "nearest" });
    return missing[0] ? criterionOf(one("input", HTMLInputElement, missing[0])) : null;
  }
}

/** @param {HTMLFieldSetElement} group */
function isOptional(group) {
  return !group.hasAttribute("data-required");
}

/**
 * @param {HTMLFieldSetElement} group
 * @param {boolean} isMissing
 */
function setMissing(group, isMissing) {
  group.classList.toggle("is-missing", isMissing);
  const message = maybe("[data-missing]", HTMLElement, group);
  if (message) message.hidden = !isMissing;
}

/**
 * @param {HTMLInputElement} input
 * @returns {string} the name of its criterion
 */
function criterionOf(input) {
  return input.name.replace(PREFIX, "");
}
