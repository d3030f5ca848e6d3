// Where one completion fills the window: tabs that bring the other into view, and say which one is there after a swipe.

import { all, one } from "../../lib/dom.js";

/** @typedef {"left" | "right"} Side */

const SWIPED_MS = 120;
const IS_PHONE = matchMedia("(width < 40rem)");
const WANTS_NO_MOTION = matchMedia("(prefers-reduced-motion: reduce)");

export class SideTabs {
  /** @type {Side} */
  #side = "left";
  /** @type {Partial<Record<Side, number>>} how far down each was read */
  #places = {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #settling;

  /**
   * @param {HTMLElement} tabs
   * @param {HTMLElement} frame holds both completions, and scrolls sideways
   */
  constructor(tabs, frame) {
    this.tabs = tabs;
    this.frame = frame;
    this.buttons = all("button", HTMLButtonElement, tabs);
    tabs.hidden = false;
    for (const button of this.buttons) {
      button.addEventListener("click", () => this.#scrollTo(/** @type {Side} */ (button.dataset.side)));
    }
    frame.addEventListener("scroll", () => {
      clearTimeout(this.#settling);
      this.#settling = setTimeout(() => this.#settle(), SWIPED_MS);
    });
    const letKeyboardScroll = () => {
      if (IS_PHONE.matches) frame.tabIndex = 0;
      else frame.removeAttribute("tabindex");
    };
    IS_PHONE.addEventListener("change", letKeyboardScroll);
    letKeyboardScroll();
  }

  /** Back to the left one, for a new pair. */
  reset() {
    this.frame.scrollTo({ left: 0, behavior: "instant" });
    this.#places = {};
    this.#show("left");
  }

  /** @param {Side} side */
  #scrollTo(side) {
    const left = side === "left" ? 0 : this.frame.scrollWidth;
    this.frame.scrollTo({ left, behavior: WANTS_NO_MOTION.matches ? "instant" : "smooth" });
  }

  /** After a swipe or a tab: what is in view now, at the place where it was left. */
  #settle() {
    const room = this.frame.scrollWidth - this.frame.clientWidth;
    const side = room > 0 && this.frame.scrollLeft > room / 2 ? "right" : "left";
    if (side === this.#side) return;
    this.#places[this.#side] = scrollY;
    this.#show(side);
    const top = one(`#${side}`, HTMLElement, this.frame).getBoundingClientRect().top + scrollY - this.tabs.offsetHeight;
    if (scrollY > top) scrollTo({ top: this.#places[side] ?? top, behavior: "instant" });
  }

  /** @param {Side} side */
  #show(side) {
    this.#side = side;
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.dataset.side === side));
  }
}
