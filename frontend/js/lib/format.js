// Numbers and times as the reader's language writes them; the server does the same (common/wording.py).

const plain = new Intl.NumberFormat(document.documentElement.lang || "en");
const point = plain.formatToParts(0.5).find((part) => part.type === "decimal")?.value ?? ".";

/**
 * @param {number} value
 * @returns {string} with thousands apart
 */
export function count(value) {
  return plain.format(value);
}

/**
 * @param {string} number as JavaScript writes it
 * @returns {string}
 */
export function written(number) {
  return number.replace("-", "−").replace(".", point);
}

/**
 * @param {number | null | undefined} value
 * @param {number} [digits] after the point
 * @returns {string} a dash where there is no figure
 */
export function fixed(value, digits = 3) {
  return typeof value === "number" && Number.isFinite(value) ? written(value.toFixed(digits)) : "–";
}

/**
 * @param {number | null | undefined} share 0..1
 * @returns {string}
 */
export function percent(share) {
  return typeof share === "number" && Number.isFinite(share) ? `${fixed(100 * share, 1)} %` : "–";
}

/**
 * @param {number | null | undefined} seconds
 * @returns {string} rounded to what matters: "40 s", "12 min", "3 h 5 min"
 */
export function duration(seconds) {
  if (typeof seconds !== "number" || !Number.isFinite(seconds)) return "–";
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
