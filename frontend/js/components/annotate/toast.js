// A message that is not urgent, above the bar at the foot of the page, until it is closed.

import { one } from "../../lib/dom.js";

/** @typedef {{ label: string, act: () => void }} Offer a button beside the message */

export class Toast {
  /** @type {Offer | undefined} */
  #offer;

  /** @param {HTMLElement} element with `[data-toast-text]`, `[data-toast-act]` and `[data-toast-close]` */
  constructor(element) {
    this.element = element;
    this.text = one("[data-toast-text]", HTMLElement, element);
    this.button = one("[data-toast-act]", HTMLElement, element);
    this.button.addEventListener("click", () => {
      element.hidden = true;
      this.#offer?.act();
    });
    one("[data-toast-close]", HTMLElement, element).addEventListener("click", () => (element.hidden = true));
  }

  /**
   * @param {string} text read out too: the element is a live region
   * @param {Offer} [offer]
   */
  show(text, offer) {
    this.#offer = offer;
    this.button.hidden = !offer;
    this.button.textContent = offer?.label ?? "";
    this.element.hidden = false;
    this.text.textContent = text;
  }
}
