// The guidelines in a dialog. Where they change while somebody judges, they are fetched as their page shows them.

import { maybe, one } from "../../lib/dom.js";

export class GuidelinesDialog {
  /**
   * @param {HTMLDialogElement} dialog
   * @param {HTMLElement} page names the version in the dialog, and where the guidelines are
   */
  constructor(dialog, page) {
    this.dialog = dialog;
    this.page = page;
  }

  /** @returns {number} the version in the dialog; 0: there are none */
  get version() {
    return Number(this.page.dataset.guidelines);
  }

  open() {
    if (this.version) this.dialog.showModal();
  }

  /**
   * Fetches the version that holds now, if it is newer.
   *
   * @param {number} wanted its number
   * @returns {Promise<boolean>} whether the dialog has a newer version now
   */
  async update(wanted) {
    const earlier = this.version;
    if (wanted <= earlier) return false;
    this.page.dataset.guidelines = String(wanted); // fetched once, however many pairs follow
    const text = await this.#fetchText();
    if (!text) {
      this.page.dataset.guidelines = String(earlier);
      return false;
    }
    one("[data-guidelines-text]", HTMLElement, this.dialog).replaceChildren(...text.cloneNode(true).childNodes);
    one("[data-guidelines-number]", HTMLElement, this.dialog).textContent = String(wanted);
    const button = maybe("[data-do=guidelines]", HTMLElement);
    if (button) button.hidden = false;
    return true;
  }

  async #fetchText() {
    const response = await fetch(this.page.dataset.guidelinesUrl ?? "", { credentials: "same-origin" }).catch(() => null);
    const fresh = new DOMParser().parseFromString(response?.ok ? await response.text() : "", "text/html");
    return fresh.querySelector("[data-guidelines-text]");
  }
}
