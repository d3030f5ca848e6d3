// The page of an export: other choices make another file, so the report and the download of the last ones disappear.

import { all, one } from "../lib/dom.js";

const choices = one("#choices", HTMLFormElement);
const report = document.getElementById("report");
if (report) {
  const compare = () => (report.hidden = isChanged());
  choices.addEventListener("change", compare);
  window.addEventListener("pageshow", compare); // a browser that comes back puts the later choices in
}

/** Whether the form holds other choices than the page came with. */
function isChanged() {
  const options = all("option", HTMLOptionElement, choices);
  const boxes = all("input[type=checkbox]", HTMLInputElement, choices);
  const texts = all("input:not([type=checkbox], [type=hidden]), textarea", HTMLElement, choices);
  return (
    options.some((option) => option.selected !== option.defaultSelected) ||
    boxes.some((box) => box.checked !== box.defaultChecked) ||
    texts.some((text) => "value" in text && "defaultValue" in text && text.value !== text.defaultValue)
  );
}
