// Which of the two fits: what the reader ticks speaks for one or the other.

import { all } from "../../lib/dom.js";
import { gettext } from "../../lib/translation.js";
import { Part } from "./part.js";

export class When extends Part {
  constructor() {
    super("when");
    this.boxes = all("input[data-for]", HTMLInputElement, this.root);
    for (const box of this.boxes) box.addEventListener("change", () => this.#weigh());
  }

  #weigh() {
    const votes = (/** @type {string} */ name) => this.boxes.filter((box) => box.checked && box.dataset.for === name).length;
    const [dpo, rlhf] = [votes("dpo"), votes("rlhf")];
    if (!dpo && !rlhf) this.say("");
    else if (dpo && rlhf) this.say(gettext("There are reasons for both. Begin with DPO, which costs less, and add RLHF for what DPO cannot do."));
    else if (dpo) this.say(gettext("DPO fits."));
    else this.say(gettext("RLHF is worth its trouble here."));
  }
}
