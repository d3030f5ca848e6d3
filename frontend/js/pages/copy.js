// Pages that show a secret once: a button copies it.

import { startCopyButton } from "../components/copy_button.js";
import { announce } from "../lib/announce.js";
import { all, one } from "../lib/dom.js";

for (const button of all("[data-copy]", HTMLElement)) {
  const source = one(`#${button.dataset.copy}`, HTMLElement);
  startCopyButton(button, source, { clipboard: navigator.clipboard, say: announce });
}
