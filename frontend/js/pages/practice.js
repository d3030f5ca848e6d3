// A pair of practice or of a qualification: the keys and tools of the annotators' page, on a form that loads the next
// page.

import { keepRoomForBar } from "../components/annotate/bar_room.js";
import { Completions } from "../components/annotate/completions.js";
import { Criteria } from "../components/annotate/criteria.js";
import { defaultKeys } from "../components/annotate/default_keys.js";
import { Display } from "../components/annotate/display.js";
import { GuidelinesDialog } from "../components/annotate/guidelines_dialog.js";
import { KeyDialog } from "../components/annotate/key_dialog.js";
import { PracticeForm } from "../components/annotate/practice_form.js";
import { FOCUS_SENTENCES, PANES_SENTENCES } from "../components/annotate/sentences.js";
import { SideTabs } from "../components/annotate/side_tabs.js";
import { openDialog, startDialogs } from "../components/dialogs.js";
import { announce } from "../lib/announce.js";
import { all, maybe, one } from "../lib/dom.js";
import { KeyBindings } from "../lib/key_bindings.js";
import { onKeys } from "../lib/shortcuts.js";

const SIDES = ["left", "right"];

const page = one("#main", HTMLElement);
const assignment = JSON.parse(one("script#assignment", HTMLScriptElement).textContent ?? "null");
const criteria = new Criteria(page);
const choices = maybe("[data-choices]", HTMLFormElement);
const form = choices && new PracticeForm(choices, criteria);
const completions = new Completions(one(".completions", HTMLElement));
const display = new Display(page, one("dialog#display", HTMLDialogElement));
const guidelines = new GuidelinesDialog(one("dialog#guidelines", HTMLDialogElement), page);
const asked = all("[data-action^=criterion-]", HTMLElement, one("dialog#help", HTMLDialogElement)).length / 3;
const bindings = new KeyBindings("annotate", defaultKeys(asked), { varied: SIDES });

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

keepRoomForBar(one(".choice-bar", HTMLElement));
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
onKeys((event) => {
  const action = bindings.find(event, form?.usesStrength ? SIDES : []);
  const answer = action && (form?.action(action, event) ?? criteria.action(action) ?? tools[action]);
  return answer || (criteria.wouldMove(event) ? () => {} : null);
});

/**
 * @param {string} name of a button that is on or off
 * @param {boolean} isOn
 */
function showPressed(name, isOn) {
  maybe(`[data-do=${name}]`, HTMLElement)?.setAttribute("aria-pressed", String(isOn));
}
