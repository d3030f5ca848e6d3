// A new campaign. Every button sends the form; scripts only save presses: chosen files are added at once, and the list
// of people narrows down while one types.

import { all, one } from "../lib/dom.js";

const form = one(".wizard", HTMLFormElement);
const files = one("input[type=file]", HTMLInputElement, form);
const add = one("[data-add-files]", HTMLButtonElement, form);
const find = one("input[name=find]", HTMLInputElement, form);

files.addEventListener("change", () => {
  if (files.files?.length) form.requestSubmit(add);
});

find.addEventListener("input", () => {
  const wanted = find.value.trim().toLowerCase();
  for (const row of all("[data-person]", HTMLElement, form)) {
    const isChosen = row.querySelector("input:checked") !== null;
    row.hidden = !isChosen && !(row.dataset.person ?? "").includes(wanted);
  }
});
