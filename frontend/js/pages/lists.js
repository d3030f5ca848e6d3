// The lists of prompts and comparisons: a row stays ticked on the other pages of the list, until an act uses the ticks.

import { all, maybe, one } from "../lib/dom.js";
import { KeptTicks } from "../lib/kept_ticks.js";
import { interpolate, ngettext } from "../lib/translation.js";

const elsewhere = maybe("[data-kept]", HTMLElement);
const list = elsewhere?.closest("form");
const question = maybe("form:has(button[name=confirmed])", HTMLFormElement);

question?.addEventListener("submit", () => KeptTicks.forgetAll(sessionStorage));

if (elsewhere && list) {
  const filter = one("input[name=filter]", HTMLInputElement, list).value;
  const kept = new KeptTicks(sessionStorage, `${location.pathname}?${filter}`);
  const boxes = all(".tick input[type=checkbox]", HTMLInputElement, list);
  const show = () => {
    const others = kept.besides(boxes.map((box) => box.value));
    const text = ngettext("%(count)s ticked row is on another page.", "%(count)s ticked rows are on other pages.", others.length);
    one("[data-kept-count]", HTMLElement, elsewhere).textContent = interpolate(text, { count: others.length });
    elsewhere.hidden = others.length === 0;
    all("input[data-kept-row]", HTMLInputElement, list).forEach((input) => input.remove());
    list.append(...others.map(hiddenInput));
  };
  const restore = () => {
    for (const box of boxes) box.checked = kept.has(box.value);
    show();
  };
  list.addEventListener("change", () => {
    for (const box of boxes) kept.set(box.value, box.checked);
  });
  one("[data-untick]", HTMLButtonElement, elsewhere).addEventListener("click", () => {
    kept.clear();
    restore();
    boxes[0]?.focus();
  });
  addEventListener("pageshow", restore); // after the browser has put back what it remembers of a page
}

/** @param {string} value */
function hiddenInput(value) {
  const input = document.createElement("input");
  Object.assign(input, { type: "hidden", name: "pk", value });
  input.dataset.keptRow = "";
  return input;
}
