// Every page: the switch between themes, and forms that are sent once and lose nothing.

import { KeptForms } from "./components/kept_forms.js";
import { announce } from "./lib/announce.js";
import { switchTheme, themes } from "./lib/theme.js";
import { gettext } from "./lib/translation.js";

const THEME_SENTENCES = { light: gettext("Light."), dark: gettext("Dark."), contrast: gettext("High contrast.") };

const toggle = document.querySelector("[data-theme-toggle]");
if (toggle instanceof HTMLButtonElement) {
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    switchTheme(themes.next());
    announce(THEME_SENTENCES[themes.current()]);
  });
}

const keptForms = new KeptForms(sessionStorage);
keptForms.start();

/** @type {Set<HTMLFormElement>} */
const sent = new Set();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post" || event.defaultPrevented) return;
  if (event.submitter?.getAttribute("formtarget")) return; // it opens beside this page, which stays
  if (sent.has(form) || !keptForms.keep(form)) {
    event.preventDefault(); // a second click while the first is on its way, or no connection
    return;
  }
  sent.add(form);
});

// Back in a page that the browser kept: its forms may be sent again.
window.addEventListener("pageshow", () => sent.clear());
