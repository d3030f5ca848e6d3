// How texts are shown: size, width, and what scrolls. A cookie carries the choice, so that the server writes it into the
// page and nothing jumps.

import { all, one } from "../../lib/dom.js";

/** @typedef {"size" | "width" | "panes"} Setting */

const YEAR = 365 * 24 * 3600;
const LARGEST = 4;
const NEXT_PANES = /** @type {Record<string, string>} */ ({ page: "together", together: "apart", apart: "page" });

export class Display {
  /**
   * @param {HTMLElement} page carries the settings as data attributes
   * @param {HTMLDialogElement} dialog has a radio button for each value
   */
  constructor(page, dialog) {
    this.page = page;
    this.inputs = all("input[type=radio]", HTMLInputElement, dialog);
    this.panes = /** @type {const} */ ([one("#left .prose", HTMLElement, page), one("#right .prose", HTMLElement, page)]);
    for (const input of this.inputs) {
      input.addEventListener("change", () => this.#set(/** @type {Setting} */ (input.name), input.value));
    }
    this.#show();
    this.#scrollTogether();
  }

  /** @param {number} steps up or down */
  resize(steps) {
    const size = Math.min(LARGEST, Math.max(0, Number(this.page.dataset.size) + steps));
    this.#set("size", String(size));
  }

  /**
   * Switches what scrolls: the page, both completions together, or each separately, in turn.
   *
   * @returns {string} which it is now
   */
  turnPanes() {
    const next = NEXT_PANES[this.page.dataset.panes ?? "page"] ?? "page";
    this.#set("panes", next);
    return next;
  }

  /**
   * @param {Setting} name
   * @param {string} value
   */
  #set(name, value) {
    this.page.dataset[name] = value;
    const { size, width, panes } = this.page.dataset;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `display=${size}.${width}.${panes}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
    this.#show();
  }

  #show() {
    for (const input of this.inputs) input.checked = this.page.dataset[input.name] === input.value;
    // A pane with its own scroll bar must be reachable by keyboard.
    for (const pane of this.panes) {
      if (this.page.dataset.panes === "page") pane.removeAttribute("tabindex");
      else pane.tabIndex = 0;
    }
  }

  /** Moves one pane with the other, by the share of what there is to scroll. */
  #scrollTogether() {
    const [left, right] = this.panes;
    /** @type {HTMLElement | null} the one that moves because the other did */
    let follower = null;
    for (const [pane, other] of /** @type {const} */ ([[left, right], [right, left]])) {
      pane.addEventListener("scroll", () => {
        if (this.page.dataset.panes !== "together") return;
        if (follower === pane) {
          follower = null;
          return;
        }
        const room = pane.scrollHeight - pane.clientHeight;
        const wanted = room > 0 ? Math.round((pane.scrollTop / room) * (other.scrollHeight - other.clientHeight)) : 0;
        if (wanted === Math.round(other.scrollTop)) return;
        follower = other;
        other.scrollTop = wanted;
      });
    }
  }
}
