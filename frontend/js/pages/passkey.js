// Forms about passkeys: the browser makes or uses one, and its answer goes with the form.

import { all, one } from "../lib/dom.js";
import { gettext } from "../lib/translation.js";

const options = JSON.parse(one("#passkey-options", HTMLScriptElement).textContent ?? "{}").publicKey;

/** @param {string} what `create` or `get` */
async function answer(what) {
  if (what === "create") {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    return navigator.credentials.create({ publicKey });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

/**
 * The reason why there is no answer, in words.
 *
 * @param {unknown} error
 */
function reason(error) {
  if (typeof PublicKeyCredential === "undefined" || !("parseCreationOptionsFromJSON" in PublicKeyCredential)) {
    return gettext("This browser cannot use passkeys here. They need a recent browser, and HTTPS.");
  }
  if (error instanceof DOMException && error.name === "InvalidStateError") {
    return gettext("This device has a passkey of yours already.");
  }
  return gettext("There was no passkey. Try again, or use your password.");
}

for (const form of all("form[data-passkey]", HTMLFormElement)) {
  const credential = one("[name=credential]", HTMLInputElement, form);
  const complaint = one("[data-passkey-error]", HTMLElement, form);
  form.addEventListener("submit", async (event) => {
    if (credential.value) return;
    event.preventDefault();
    complaint.hidden = true;
    try {
      credential.value = JSON.stringify(await answer(form.dataset.passkey ?? ""));
      form.requestSubmit();
    } catch (error) {
      complaint.textContent = reason(error);
      complaint.hidden = false;
    }
  });
}
