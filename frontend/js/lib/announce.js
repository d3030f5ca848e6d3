// Tells screen readers what just happened.

import { one } from "./dom.js";

/**
 * Announces a sentence, also when it is the same as the last one.
 *
 * @param {string} sentence
 */
export function announce(sentence) {
  const announcer = one("#announcer", HTMLElement);
  announcer.textContent = announcer.textContent === sentence ? `${sentence}\u00a0` : sentence;
}
