// The questions besides the overall choice.

import { all, maybe, one } from "../../lib/dom.js";

const PREFIX = "criterion-";

export class Criteria {
  /** @param {ParentNode} page */
  constructor(page) {
    this.groups = all(".criterion", HTMLFieldSetElement, page);
    this.inputs = this.groups.flatMap((group) => all("input", HTMLInputElement, group));
  }

  /** @returns {Record<string, string>} answers by the criterion's name */
  get answers() {
    const checked = this.inputs.filter((input) => input.checked);
    return Object.fromEntries(checked.map((input) => [criterionOf(input), input.value]));
  }

  /** @param {Record<string, string>} answers by name; all others are open again */
  fill(answers) {
    for (const input of this.inputs) input.checked = answers[criterionOf(input)] === input.value;
  }

  /** @returns {boolean} whether a required one has no answer; focuses the first */
  focusFirstOpen() {
    const open = this.groups.find((group) => group.hasAttribute("data-required") && !maybe("input:checked", HTMLInputElement, group));
    if (open) one("input", HTMLInputElement, open).focus();
    return Boolean(open);
  }
}

/**
 * @param {HTMLInputElement} input
 * @returns {string} the name of its criterion
 */
function criterionOf(input) {
  return input.name.replace(PREFIX, "");
}
