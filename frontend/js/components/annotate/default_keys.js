// The keys of the annotator's page as they are before anybody changes them; the first of each is shown on its button.

/** @typedef {import("../../lib/key_bindings.js").Bindings} Bindings */

/** @type {Bindings} */
const PAGE_KEYS = {
  left: ["ArrowLeft", "1"],
  right: ["ArrowRight", "2"],
  tie: ["t", "3", "="],
  both_bad: ["b", "0"],
  skip: ["s"],
  reasons: ["S"],
  undo: ["z", "u", "Backspace"],
  edit: ["e"],
  comment: ["c"],
  differences: ["d"],
  focus: ["f"],
  plain: ["p"],
  panes: ["y"],
  larger: ["."],
  smaller: [","],
  guidelines: ["g"],
  ask: ["q"],
  help: ["?"],
};

// A row of keys for each criterion, in the order of its answers. Criteria after the sixth get keys in the dialog.
const CRITERIA_KEYS = ["456", "789", "jkl", "JKL", "xvn", "XVN"];
const ANSWERS = ["left", "tie", "right"];

/**
 * @param {number} criteria how many the campaign has
 * @returns {Bindings} keys of the page, and of each answer to a criterion ("criterion-1-left")
 */
export function defaultKeys(criteria) {
  /** @type {Bindings} */
  const keys = { ...PAGE_KEYS };
  for (let row = 1; row <= criteria; row += 1) {
    const [...rowKeys] = CRITERIA_KEYS[row - 1] ?? "";
    ANSWERS.forEach((answer, index) => (keys[`criterion-${row}-${answer}`] = rowKeys.slice(index, index + 1)));
  }
  return keys;
}
