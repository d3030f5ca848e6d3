// What is asked besides the overall choice.

import { all, maybe, one } from "../lib/dom.js";

/** @returns {HTMLInputElement[]} */
function inputs() {
  return all(".criterion input", HTMLInputElement);
}

/**
 * @param {HTMLInputElement} input
 * @returns {string} the name of its criterion
 */
function nameOf(input) {
  return input.name.replace("criterion-", "");
}

/** @returns {Record<string, string>} what was said, by name */
export function criteriaSaid() {
  const checked = inputs().filter((input) => input.checked);
  return Object.fromEntries(checked.map((input) => [nameOf(input), input.value]));
}

/** @param {Record<string, string>} said by name; all others are open again */
export function showCriteria(said) {
  for (const input of inputs()) input.checked = said[nameOf(input)] === input.value;
}

/** @returns {boolean} whether one that must be answered is not; goes to the first */
export function goToOpenCriterion() {
  const groups = all(".criterion[data-required]", HTMLFieldSetElement);
  const open = groups.find((group) => !maybe("input:checked", HTMLInputElement, group));
  if (open) one("input", HTMLInputElement, open).focus();
  return Boolean(open);
}
