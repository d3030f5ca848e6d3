// The two completions: as they are meant to look or as they were written, both or only one, their differences marked.

import { announce } from "../../lib/announce.js";
import { maybe, one } from "../../lib/dom.js";
import { LEAST_SHARED, differences, sharedPart } from "../../lib/difference.js";
import { percent } from "../../lib/format.js";
import { gettext, interpolate } from "../../lib/translation.js";

/** @typedef {import("../../judging/types.js").Assignment} Assignment */
/** @typedef {"both" | "left" | "right"} Focus */

const SIDES = /** @type {const} */ (["left", "right"]);
const NEXT_FOCUS = /** @type {Record<Focus, Focus>} */ ({ both: "left", left: "right", right: "both" });
const HIGHLIGHT = "differs";

export class Completions {
  isPlain = false;
  marksDifferences = false;
  /** @type {Focus} */
  focus = "both";
  /** @type {number | undefined} */
  #marking;
  #wasToggled = false;

  /** @param {HTMLElement} frame what holds both */
  constructor(frame) {
    this.frame = frame;
    this.note = one("[data-differences-note]", HTMLElement);
    this.canMark = "highlights" in CSS && "Segmenter" in Intl;
  }

  /** @param {Assignment} assignment their html comes sanitised from the server */
  show(assignment) {
    for (const side of SIDES) {
      const prose = this.#prose(side);
      prose.classList.toggle("is-plain", this.isPlain);
      if (this.isPlain) prose.textContent = assignment[side].text;
      else prose.innerHTML = assignment[side].html;
      prose.scrollTop = 0;
      one(`#${side} [data-cut]`, HTMLElement).hidden = !assignment[side].is_cut;
      const model = maybe(`#${side} [data-model]`, HTMLElement);
      if (model) model.textContent = assignment[side].model;
    }
    this.#mark();
  }

  /**
   * @param {Assignment | null} assignment the pair on the page
   * @returns {boolean} whether they are shown as they were written, not as they are meant to look
   */
  togglePlain(assignment) {
    this.isPlain = !this.isPlain;
    if (assignment) this.show(assignment);
    return this.isPlain;
  }

  /** Shows both, only the left one, only the right one, in turn. */
  turnFocus() {
    this.focus = NEXT_FOCUS[this.focus];
    this.frame.dataset.focus = this.focus;
    return this.focus;
  }

  /** @returns {boolean} whether the words that differ are marked now */
  toggleDifferences() {
    this.marksDifferences = this.canMark && !this.marksDifferences;
    this.#wasToggled = true;
    this.#mark();
    return this.marksDifferences;
  }

  /** @param {"left" | "right"} side */
  #prose(side) {
    return one(`#${side} .prose`, HTMLElement);
  }

  /** After the page was painted: the pair is to be seen first. */
  #mark() {
    if (!this.canMark) return;
    CSS.highlights.delete(HIGHLIGHT);
    clearTimeout(this.#marking);
    this.note.hidden = !this.marksDifferences;
    this.note.textContent = "\u00a0"; // its line stays while the words are compared
    if (this.marksDifferences) this.#marking = setTimeout(() => this.#markNow(), 0);
  }

  #markNow() {
    const [left, right] = SIDES.map((side) => wordsOf(this.#prose(side)));
    if (!left || !right) return;
    const texts = /** @type {const} */ ([left.map((word) => word.text), right.map((word) => word.text)]);
    const shared = sharedPart(...texts);
    if (shared < LEAST_SHARED) {
      this.#say(interpolate(gettext("Nothing is marked: the texts share only %(part)s of their words."), { part: percent(shared) }));
      return;
    }
    const differs = differences(...texts);
    const ranges = [...rangesOf(left, differs.left), ...rangesOf(right, differs.right)];
    CSS.highlights.set(HIGHLIGHT, new Highlight(...ranges));
    this.#say(ranges.length ? gettext("Words that differ are marked.") : gettext("The texts have the same words."));
  }

  /** @param {string} text about the marks, above the texts */
  #say(text) {
    this.note.textContent = text;
    if (this.#wasToggled) announce(text); // later pairs have their own announcement
    this.#wasToggled = false;
  }
}

/** @typedef {{ text: string, node: Text, start: number, end: number }} Word */

/**
 * The words of an element, as people of its language read them.
 *
 * @param {HTMLElement} element
 * @returns {Word[]}
 */
function wordsOf(element) {
  const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  /** @type {Word[]} */
  const words = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const { segment, index } of segmenter.segment(node.textContent ?? "")) {
      if (segment.trim()) words.push({ text: segment, node: /** @type {Text} */ (node), start: index, end: index + segment.length });
    }
  }
  return words;
}

/**
 * Ranges over what differs; neighbours in one, so that a changed sentence is one stretch.
 *
 * @param {Word[]} words
 * @param {boolean[]} differs
 * @returns {Range[]}
 */
function rangesOf(words, differs) {
  /** @type {Range[]} */
  const ranges = [];
  /** @type {Range | null} */
  let range = null;
  words.forEach((word, index) => {
    if (!differs[index]) range = null;
    else if (range && range.endContainer === word.node) range.setEnd(word.node, word.end);
    else {
      range = document.createRange();
      range.setStart(word.node, word.start);
      range.setEnd(word.node, word.end);
      ranges.push(range);
    }
  });
  return ranges;
}
