// A button that copies a text which is shown only once. Where the browser cannot copy, there is no button.

import { gettext } from "../lib/translation.js";

const SHOWN_MS = 2500;

/**
 * @param {HTMLElement} button
 * @param {{ textContent: string | null }} source its text is copied
 * @param {{ clipboard?: Pick<Clipboard, "writeText">, say: (sentence: string) => void }} surroundings clipboard: only on
 *   secure pages
 */
export function startCopyButton(button, source, { clipboard, say }) {
  if (!clipboard) return;
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const sentence = await clipboard.writeText((source.textContent ?? "").trim()).then(
      () => gettext("Copied"),
      () => gettext("Select the text and copy it."),
    );
    button.textContent = sentence;
    say(sentence);
    setTimeout(() => (button.textContent = label), SHOWN_MS);
  });
}
