// How far the campaign is, and the annotator in it.

import { all, one } from "../../lib/dom.js";
import { count } from "../../lib/format.js";

/** @typedef {import("../../judging/types.js").Progress} Progress */

export class ProgressView {
  constructor() {
    this.counts = all("[data-count]", HTMLElement);
    this.notice = one("[data-notice]", HTMLElement);
    this.bar = one("[data-campaign-progress]", HTMLProgressElement);
  }

  /** @returns {number} comparisons of the campaign, as the page shows them */
  get comparisons() {
    return Number(one("[data-count=comparisons]", HTMLElement).textContent?.replace(/\D/g, ""));
  }

  /**
   * Shows the progress; leaves for the page of a step that must come before the next judgment, such as new guidelines.
   *
   * @param {Progress} progress
   */
  show(progress) {
    const { start } = one("#main", HTMLElement).dataset;
    if (progress.step && start) {
      location.assign(start);
      return;
    }
    for (const element of this.counts) {
      const number = progress[/** @type {keyof Progress} */ (element.dataset.count)];
      if (typeof number === "number") element.textContent = count(number);
    }
    this.notice.hidden = !progress.notice;
    this.notice.textContent = progress.notice;
    this.bar.max = Math.max(1, progress.comparisons);
    this.bar.value = progress.settled;
  }
}
