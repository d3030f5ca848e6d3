// Finds elements, with the type the caller counts on; a missing one is an error of the page, thrown at once.

/**
 * The one element that matches.
 *
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} type
 * @param {ParentNode} [within]
 * @returns {T}
 */
export function one(selector, type, within = document) {
  const element = within.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`No ${type.name} matches ${selector}.`);
  return element;
}

/**
 * The one element that matches, or null where the page may go without.
 *
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} type
 * @param {ParentNode} [within]
 * @returns {T | null}
 */
export function maybe(selector, type, within = document) {
  const element = within.querySelector(selector);
  return element instanceof type ? element : null;
}

/**
 * Every element that matches.
 *
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} type
 * @param {ParentNode} [within]
 * @returns {T[]}
 */
export function all(selector, type, within = document) {
  return [...within.querySelectorAll(selector)].flatMap((element) => (element instanceof type ? [element] : []));
}

/**
 * A new element with text in it.
 *
 * @param {string} tag
 * @param {{ class?: string, text?: string | number }} [what]
 * @returns {HTMLElement}
 */
export function make(tag, what = {}) {
  const element = document.createElement(tag);
  if (what.class) element.className = what.class;
  if (what.text !== undefined) element.textContent = String(what.text);
  return element;
}
