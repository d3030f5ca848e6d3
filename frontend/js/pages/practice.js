// A pair of practice or of a qualification: the keys and tools of the annotators' page, on a form that loads the next
// page.

import { Completions } from "../components/annotate/completions.js";
import { defaultKeys } from "../components/annotate/default_keys.js";
import { Display } from "../components/annotate/display.js";
import { GuidelinesDialog } from "../components/annotate/guidelines_dialog.js";
import { KeyDialog } from "../components/annotate/key_dialog.js";
import { FOCUS_SENTENCES, PANES_SENTENCES } from "../components/annotate/sentences.js";
import { SideTabs } from "../components/annotate/side_tabs.js";
import { openDialog, startDialogs } from "../components/dialogs.js";
import { announce } from "../lib/announce.js";
import { all, maybe, one } from "../lib/dom.js";
import { KeyBindings } from "../lib/key_bindings.js";
import { onKeys } from "../lib/shortcuts.js";

const page = one("#main", HTMLElement);
const assignment = JSON.parse(one("script#assignment", HTMLScriptElement).textContent ?? "null");
const form = maybe("[data-choices]", HTMLFormElement);
const completions = new Completions(one(".completions", HTMLElement));
const display = new Display(page, one("dialog#display", HTMLDialogElement));
const guidelines = new GuidelinesDialog(one("dialog#guidelines", HTMLDialogElement), page);
const bindings = new KeyBindings("annotate", defaultKeys(0), { varied: ["left", "right"] });

/** @type {Record<string, () => void>} */
const tools = {
  plain: () => showPressed("plain", completions.togglePlain(assignment)),
  differences: () => showPressed("differences", completions.toggleDifferences()),
  focus: () => announce(FOCUS_SENTENCES[completions.turnFocus()]),
  panes: () => announce(PANES_SENTENCES[display.turnPanes()] ?? ""),
  larger: () => display.resize(1),
  smaller: () => display.resize(-1),
  display: () => openDialog("display"),
  help: () => openDialog("help"),
  guidelines: () => guidelines.open(),
};

startDialogs();
new SideTabs(one("[data-side-tabs]", HTMLElement), one(".completions", HTMLElement));
new KeyDialog(bindings, one("dialog#help", HTMLDialogElement));
for (const button of all("[data-do]", HTMLElement)) {
  const act = tools[button.dataset.do ?? ""];
  if (!act) continue;
  button.hidden = button.dataset.do === "guidelines" && !guidelines.version;
  button.addEventListener("click", (event) => {
    event.preventDefault();
    act();
  });
}
// A second press must not answer again while the next page loads.
form?.addEventListener("submit", () => form.addEventListener("submit", (event) => event.preventDefault()), { once: true });
onKeys((event) => {
  const action = bindings.find(event, []);
  if (!action) return null;
  const button = form && maybe(`button[value="${action}"]`, HTMLButtonElement, form);
  return button ? () => form?.requestSubmit(button) : (tools[action] ?? null);
});

/**
 * @param {string} name of a button that is on or off
 * @param {boolean} isOn
 */
function showPressed(name, isOn) {
  maybe(`[data-do=${name}]`, HTMLElement)?.setAttribute("aria-pressed", String(isOn));
}
