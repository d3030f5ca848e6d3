// The keys of the annotator's page as they are before anybody changes them; the first of each is shown on its button.

/** @type {import("../../lib/key_bindings.js").Bindings} */
export const DEFAULT_KEYS = {
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
  help: ["?"],
};
