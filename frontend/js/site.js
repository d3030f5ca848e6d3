// What every page has: the switch between light and dark, and forms that are sent once.

import { remember, themes } from "./lib/theme.js";

const toggle = document.querySelector("[data-theme-toggle]");
if (toggle instanceof HTMLButtonElement) {
  toggle.hidden = false;
  toggle.addEventListener("click", () => remember(themes.next()));
}

// The tab of this page is seen, also where there is no room for all of them.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

/** @type {Set<HTMLFormElement>} */
const sent = new Set();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post" || event.defaultPrevented) return;
  if (sent.has(form)) event.preventDefault(); // a second click while the first is on its way
  sent.add(form);
});

// Back in a page that the browser kept: its forms are as good as new.
window.addEventListener("pageshow", () => sent.clear());
