// How far the campaign is, and the person in front of it.

import { all, one } from "../lib/dom.js";
import { count } from "../lib/format.js";

/** @typedef {import("../lib/judging_types.js").Progress} Progress */

/** @param {Progress} progress */
export function showProgress(progress) {
  for (const element of all("[data-count]", HTMLElement)) {
    const number = progress[/** @type {keyof Progress} */ (element.dataset.count)];
    if (typeof number === "number") element.textContent = count(number);
  }
  const notice = one("[data-notice]", HTMLElement);
  notice.hidden = !progress.notice;
  notice.textContent = progress.notice;
  const bar = one("[data-campaign-progress]", HTMLProgressElement);
  bar.max = Math.max(1, progress.comparisons);
  bar.value = progress.settled;
}
