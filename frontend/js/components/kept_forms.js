// Forms that lose nothing: what was typed comes back after a sign-in, an expired form, an error of the server, or a
// broken connection. Offline, nothing is sent at all.

import { Drafts } from "../lib/drafts.js";
import { all, make, maybe } from "../lib/dom.js";
import { gettext } from "../lib/translation.js";

/** @typedef {import("../lib/drafts.js").Field} Field */
/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */

const NEVER_KEPT = new Set(["hidden", "password", "file", "submit", "button", "reset", "image"]);
const NOT_IDENTITY = new Set(["csrfmiddlewaretoken", "back", "next", "key", "shown"]);

export class KeptForms {
  /** @param {Storage} storage */
  constructor(storage) {
    this.drafts = new Drafts(storage);
    this.user = document.body.dataset.user ?? "";
  }

  /** What the page does first: gives back what got lost, or says where it can be found. */
  start() {
    const isLost = document.querySelector("[data-form-lost]") !== null;
    if (isLost || wasGoneBackTo()) this.drafts.lose();
    if (isLost) {
      this.#offerPage();
      return;
    }
    for (const form of all("form", HTMLFormElement)) this.#restore(form);
    this.drafts.forgetSent();
  }

  /**
   * Keeps a form that is about to be sent.
   *
   * @param {HTMLFormElement} form
   * @returns {boolean} whether it may be sent
   */
  keep(form) {
    if (!navigator.onLine) {
      notify(form, gettext("You are offline. Nothing was sent, and your entries are still here. Submit again later."));
      return false;
    }
    if (form.matches("[data-signs-out]")) this.drafts.forgetAll();
    const fields = controls(form).map(({ name, control }) => /** @type {Field} */ ([name, valueOf(control)]));
    const page = location.pathname + location.search;
    if (fields.length && isKept(form)) this.drafts.keep(identity(form), { user: this.user, page, fields });
    return true;
  }

  /** @param {HTMLFormElement} form */
  #restore(form) {
    const fields = isKept(form) ? this.drafts.take(identity(form), this.user) : null;
    if (!fields) return;
    const values = new Map(fields);
    const changed = controls(form).filter(({ name, control }) => values.has(name) && valueOf(control) !== values.get(name));
    for (const { name, control } of changed) setValue(control, values.get(name) ?? "");
    if (changed.length === 0) return;
    const notice = notify(form, gettext("Your entries are back. They have not been saved yet: check them, and submit again."));
    const discard = make("button", { class: "button button-small", text: gettext("Discard entries") });
    discard.setAttribute("type", "button");
    discard.addEventListener("click", () => {
      form.reset();
      for (const { control } of changed) announceChange(control);
      notice.remove();
    });
    notice.append(" ", discard);
  }

  /** The link to the page whose form got lost. */
  #offerPage() {
    const link = maybe("[data-form-page]", HTMLAnchorElement);
    if (!link || !this.drafts.lostPage) return;
    link.href = this.drafts.lostPage;
    link.hidden = false;
  }
}

/** @param {HTMLFormElement} form */
function isKept(form) {
  return form.method === "post" && !form.matches("[data-not-kept]");
}

/** @returns {boolean} whether the reader pressed Back, perhaps on a page of the browser's own about the connection */
function wasGoneBackTo() {
  const [entry] = performance.getEntriesByType("navigation");
  return entry instanceof PerformanceNavigationTiming && entry.type === "back_forward";
}

/**
 * Tells a page's forms from each other, and a form about one thing from the same form about another.
 *
 * @param {HTMLFormElement} form
 * @returns {string}
 */
function identity(form) {
  const hidden = [...form.elements].flatMap((element) =>
    element instanceof HTMLInputElement && element.type === "hidden" && !NOT_IDENTITY.has(element.name) ? [`${element.name}=${element.value}`] : [],
  );
  return [new URL(form.action).pathname, ...hidden].join("|");
}

/**
 * The controls that a person fills in, each with a name of its own.
 *
 * @param {HTMLFormElement} form
 * @returns {{ name: string, control: Control }[]}
 */
function controls(form) {
  return [...form.elements].flatMap((element) => {
    const isControl = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement;
    if (!isControl || NEVER_KEPT.has(element.type) || !element.name) return [];
    return [{ name: isTicked(element) ? `${element.name}=${element.value}` : element.name, control: element }];
  });
}

/**
 * @param {Control} control
 * @returns {control is HTMLInputElement}
 */
function isTicked(control) {
  return control instanceof HTMLInputElement && (control.type === "checkbox" || control.type === "radio");
}

/** @param {Control} control */
function valueOf(control) {
  return isTicked(control) ? control.checked : control.value;
}

/**
 * @param {Control} control
 * @param {string | boolean} value
 */
function setValue(control, value) {
  if (isTicked(control)) control.checked = Boolean(value);
  else control.value = String(value);
  for (let at = control.parentElement; at; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
  announceChange(control);
}

/** @param {Control} control */
function announceChange(control) {
  control.dispatchEvent(new Event("input", { bubbles: true }));
  control.dispatchEvent(new Event("change", { bubbles: true }));
}

/**
 * A notice at the top of a form, in place of an earlier one.
 *
 * @param {HTMLFormElement} form
 * @param {string} text
 * @returns {HTMLElement}
 */
function notify(form, text) {
  form.querySelector(":scope > [data-kept-notice]")?.remove();
  const notice = make("div", { class: "notice notice-warning", text });
  notice.dataset.keptNotice = "";
  notice.setAttribute("role", "status");
  notice.tabIndex = -1;
  form.prepend(notice);
  notice.focus();
  return notice;
}
