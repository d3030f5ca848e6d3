// The question whether an action may take a key that another action has.

import { announce } from "../../lib/announce.js";
import { make, maybe } from "../../lib/dom.js";
import { gettext, interpolate } from "../../lib/translation.js";

/**
 * @typedef {object} KeyQuestion
 * @property {string} key as it is written on a button
 * @property {string[]} actions that would lose it, in words
 * @property {() => void} take gives the key
 * @property {HTMLElement} back gets the focus afterwards
 */

/**
 * Asks in a row of the dialog; only one question stands at a time.
 *
 * @param {HTMLElement} row
 * @param {KeyQuestion} question
 */
export function askForKey(row, { key, actions, take, back }) {
  endKeyQuestion();
  const values = { key, actions: actions.map((action) => `“${action}”`).join(", ") };
  const text = interpolate(
    gettext("%(key)s is a key for %(actions)s, which would lose it."),
    values,
  );
  const box = make("dd", { class: "notice notice-warning key-question" });
  const end = () => {
    box.remove();
    back.focus();
  };
  const keep = answerButton(gettext("Leave it"), end);
  const use = answerButton(interpolate(gettext("Use %(key)s here"), { key }), () => {
    end();
    take();
  });
  box.append(make("p", { text }), keep, use);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // the dialog stays open
    end();
  });
  row.append(box);
  announce(text);
  keep.focus();
}

/** Takes the question away, unanswered. */
export function endKeyQuestion() {
  maybe(".key-question", HTMLElement)?.remove();
}

/**
 * @param {string} text
 * @param {() => void} act
 */
function answerButton(text, act) {
  const button = make("button", { class: "button button-small", text });
  button.setAttribute("type", "button");
  button.addEventListener("click", act);
  return button;
}
