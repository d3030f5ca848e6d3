// A campaign in steps: one at a time, checked before the next. Without JavaScript all of them are one form.

import { all, one } from "../lib/dom.js";

const form = one("[data-wizard]", HTMLFormElement);
const steps = all("[data-step]", HTMLElement, form);
const links = all("[data-steps] a", HTMLAnchorElement, form);
const back = one("[data-back]", HTMLButtonElement, form);
const next = one("[data-next]", HTMLButtonElement, form);
const make = one("[data-make]", HTMLButtonElement, form);

let present = 0;

/**
 * @param {number} number of the step
 * @param {boolean} [moves] whether somebody went there
 */
function show(number, moves = true) {
  present = Math.max(0, Math.min(number, steps.length - 1));
  steps.forEach((step, index) => (step.hidden = index !== present));
  links.forEach((link, index) => (index === present ? link.setAttribute("aria-current", "step") : link.removeAttribute("aria-current")));
  back.hidden = present === 0;
  next.hidden = present === steps.length - 1;
  make.classList.toggle("button-primary", next.hidden);
  if (moves) steps[present]?.focus();
}

/** @returns {boolean} whether everything in the present step makes sense; says so beside what does not */
function isSound() {
  const step = steps[present];
  return !step || all("input, select, textarea", HTMLElement, step).every((field) => !("reportValidity" in field) || /** @type {HTMLInputElement} */ (field).reportValidity());
}

links.forEach((link, index) =>
  link.addEventListener("click", (event) => {
    event.preventDefault();
    if (index <= present || isSound()) show(index);
  }),
);
back.addEventListener("click", () => show(present - 1));
next.addEventListener("click", () => isSound() && show(present + 1));

// The invalid field may be in a hidden step, where the browser could not point at it.
make.addEventListener("click", () => {
  const wrong = steps.findIndex((step) => all("input, select, textarea", HTMLElement, step).some((field) => field.matches(":invalid")));
  if (wrong >= 0 && wrong !== present) show(wrong);
});

// Enter in a field goes on instead of making a campaign that is half filled in.
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement) || next.hidden) return;
  event.preventDefault();
  next.click();
});

const refused = steps.findIndex((step) => step.querySelector(".errorlist"));
show(Math.max(0, refused), refused >= 0);
