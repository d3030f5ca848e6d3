// Numbers and times as the reader's language writes them; the server does the same (common/wording.py).

const DASH = "–";

/** @typedef {{ grouped: Intl.NumberFormat, point: string }} Signs thousands, and what stands before the decimals */
/** @type {Map<string, Signs>} */
const signsOf = new Map();

/** @returns {string} */
function pageLanguage() {
  return document.documentElement.lang || "en";
}

/**
 * @param {string} language
 * @returns {Signs}
 */
function signs(language) {
  let cached = signsOf.get(language);
  if (!cached) {
    const grouped = new Intl.NumberFormat(language);
    const point = grouped.formatToParts(0.5).find((part) => part.type === "decimal")?.value ?? ".";
    cached = { grouped, point };
    signsOf.set(language, cached);
  }
  return cached;
}

/**
 * @param {number} value
 * @param {string} [language]
 * @returns {string} with thousands apart
 */
export function count(value, language = pageLanguage()) {
  return signs(language).grouped.format(value);
}

/**
 * @param {string} number as JavaScript writes it
 * @param {string} [language]
 * @returns {string} with a real minus and the language's decimal sign
 */
export function localized(number, language = pageLanguage()) {
  return number.replace("-", "−").replace(".", signs(language).point);
}

/**
 * @param {number | null | undefined} value
 * @param {number} [digits] after the point
 * @param {string} [language]
 * @returns {string} a dash where there is no figure
 */
export function fixed(value, digits = 3, language = pageLanguage()) {
  return typeof value === "number" && Number.isFinite(value) ? localized(value.toFixed(digits), language) : DASH;
}

/**
 * @param {number | null | undefined} share 0..1
 * @param {string} [language]
 * @returns {string}
 */
export function percent(share, language = pageLanguage()) {
  return typeof share === "number" && Number.isFinite(share) ? `${fixed(100 * share, 1, language)} %` : DASH;
}

/**
 * @param {number | null | undefined} seconds
 * @returns {string} rounded to what matters: "40 s", "12 min", "3 h 5 min"
 */
export function duration(seconds) {
  if (typeof seconds !== "number" || !Number.isFinite(seconds)) return DASH;
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
