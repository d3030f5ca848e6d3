// Translations into the reader's language. Where it is not English, the page loads Django's catalogue before this module.

/** @typedef {{ gettext?: (text: string) => string, ngettext?: (one: string, many: string, count: number) => string }} Catalogue */

const catalogue = /** @type {{ django?: Catalogue }} */ (globalThis).django ?? {};

/**
 * @param {string} text in English
 * @returns {string}
 */
export function gettext(text) {
  return catalogue.gettext?.(text) ?? text;
}

/**
 * @param {string} one in English, for 1
 * @param {string} many for other numbers
 * @param {number} count
 * @returns {string}
 */
export function ngettext(one, many, count) {
  return catalogue.ngettext?.(one, many, count) ?? (count === 1 ? one : many);
}

/**
 * @param {string} text with `%(name)s` where a value stands
 * @param {Record<string, string | number>} values
 * @returns {string}
 */
export function interpolate(text, values) {
  return text.replace(/%\((\w+)\)s/g, (whole, name) => String(values[name] ?? whole));
}
