// How much memory four models take, and how much two.

import { one } from "../../lib/dom.js";
import { localized } from "../../lib/format.js";
import { gettext, interpolate } from "../../lib/translation.js";
import { Part } from "./part.js";

const BYTES_EACH = 2;

export class Memory extends Part {
  constructor() {
    super("memory");
    this.size = one("[data-size]", HTMLSelectElement, this.root);
    this.size.addEventListener("change", () => this.#show());
    this.#show();
  }

  #show() {
    const gigabytes = (/** @type {number} */ models) => localized(String(Number((models * BYTES_EACH * Number(this.size.value)).toPrecision(3))));
    this.say(interpolate(gettext("RLHF: four models, %(four)s GB. DPO: two models, %(two)s GB."), { four: gigabytes(4), two: gigabytes(2) }));
  }
}
