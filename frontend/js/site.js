// What every page has: the switch between light and dark.

import { remember, themes } from "./lib/theme.js";

const toggle = document.querySelector("[data-theme-toggle]");
if (toggle instanceof HTMLButtonElement) {
  toggle.hidden = false;
  toggle.addEventListener("click", () => remember(themes.next()));
}
