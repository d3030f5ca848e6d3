// Where the axes of a chart are marked, and what is written there. Numbers in, numbers and texts out.

import { localized, percent } from "./format.js";

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const LEAST_SPAN = 1e-3; // smaller differences are rounding errors, not a curve
const ZERO = 1e-9;

/**
 * @param {number} span of an axis
 * @param {number} count of parts wanted
 * @returns {number} 1, 2 or 5 times a power of ten, so that there are about so many parts
 */
export function niceStep(span, count) {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  return power * (lead < 1.5 ? 1 : lead < 3 ? 2 : lead < 7 ? 5 : 10);
}

/**
 * @param {number} low
 * @param {number} high
 * @param {number} [count] about how many
 * @returns {number[]} round numbers from low to high
 */
export function ticks(low, high, count = 5) {
  if (!(high > low)) return [low];
  const step = niceStep(high - low, count);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // Multiples, not sums: a thousand additions of 0.1 are not 100. Adding 0 turns -0 into 0.
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => Number(((first + index) * step).toPrecision(12)) + 0);
}

/**
 * @param {number} last the last step of the axis
 * @param {number} [count] about how many
 * @returns {number[]} whole steps from 0
 */
export function stepTicks(last, count = 6) {
  const step = Math.max(1, niceStep(Math.max(1, last), count));
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, index) => index * step);
}

/**
 * @param {number} low above 0
 * @param {number} high
 * @returns {number[]} powers of ten from low to high, and 2 and 5 times these where there are few
 */
export function logTicks(low, high) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const leads = last - first <= 3 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil((last - first) / 6));
  const powers = Array.from({ length: last - first + 1 }, (_, index) => first + index).filter((power) => power % every === 0);
  return powers.flatMap((power) => leads.map((lead) => Number(`${lead}e${power}`))).filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
}

/**
 * @param {number[]} values of one axis
 * @param {{ percent?: boolean, language?: string }} [manner]
 * @returns {string[]} all with as many decimals as their difference needs, and never longer than nine characters
 */
export function tickLabels(values, manner = {}) {
  const gaps = values.slice(1).map((value, index) => Math.abs(value - (values[index] ?? 0)));
  const gap = Math.min(...(gaps.length ? gaps : [Math.abs(values[0] ?? 1) || 1]));
  const most = Math.max(...values.map(Math.abs), 0);
  if (manner.percent) {
    const digits = decimalsFor(gap * 100);
    return values.map((value) => `${localized((100 * value).toFixed(digits), manner.language)} %`);
  }
  const isLong = most >= 1e6 || (most > 0 && gap < 1e-4);
  return values.map((value) => (isLong ? power(value, manner.language) : localized(value.toFixed(decimalsFor(gap)), manner.language)));
}

/**
 * @param {number[]} values of a logarithmic axis
 * @param {string} [language]
 * @returns {string[]}
 */
export function logLabels(values, language) {
  return values.map((value) => {
    if (value < 1e-3 || value >= 1e6) return power(value, language);
    return localized(String(Number(value.toPrecision(3))), language);
  });
}

/** @param {number} gap between two ticks */
function decimalsFor(gap) {
  return Math.max(0, Math.min(6, Math.ceil(-Math.log10(gap) - 1e-9)));
}

/**
 * @param {number} value
 * @param {string} [language]
 * @returns {string} as 2·10⁻⁵
 */
function power(value, language) {
  if (value === 0) return "0";
  const [lead = "", exponent = ""] = value.toExponential(1).split("e");
  const digits = String(Math.abs(Number(exponent))).replace(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)] ?? "");
  return `${localized(lead.replace(".0", ""), language)}·10${Number(exponent) < 0 ? "⁻" : ""}${digits}`;
}

/**
 * The range of an axis: the data with room around it, the level in it.
 *
 * @param {(number | null)[]} data
 * @param {{ level?: number, percent?: boolean, fit?: boolean }} [manner] `fit`: a percentage shows the part that matters
 * @returns {[number, number]}
 */
export function rangeAround(data, { level, percent: isShare = false, fit = false } = {}) {
  if (isShare && !fit) return [0, 1];
  const values = [...data, level].flatMap((value) => (typeof value === "number" && Number.isFinite(value) ? [value] : []));
  if (!values.length) return [0, 1];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (!isShare && Math.max(Math.abs(least), Math.abs(most)) < ZERO) return [-1, 1]; // only zeros so far
  const span = Math.max(most - least, isShare ? 0.04 : Math.max(Math.abs(most), Math.abs(least)) * 0.05, LEAST_SPAN);
  const isFlat = most - least < span;
  const centre = (most + least) / 2;
  const [low, high] = isFlat ? [centre - span / 2, centre + span / 2] : [least, most];
  const room = span * 0.12;
  return isShare ? [Math.max(0, low - room), Math.min(1, high + room)] : [low - room, high + room];
}

/**
 * The range of a logarithmic axis; null where no value is above 0.
 *
 * @param {(number | null)[]} data
 * @returns {[number, number] | null}
 */
export function logRange(data) {
  const values = data.flatMap((value) => (value !== null && value > 0 ? [value] : []));
  if (!values.length) return null;
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? [least / 2, most * 2] : [least / 1.2, most * 1.2];
}

/**
 * The part of 0 to 1 that shows how small shares change: as bars on one scale.
 *
 * @param {number[]} shares
 * @returns {number} where the scale ends: a round share above all of them
 */
export function barEnd(shares) {
  const most = Math.max(...shares, 0);
  if (most <= 0) return 1;
  const step = niceStep(most, 4);
  return Math.min(1, Number((Math.ceil((most * 1.05) / step) * step).toPrecision(12)));
}

/**
 * @param {number | null} value
 * @param {boolean} [isShare]
 * @param {string} [language]
 * @returns {string} a value to be read off, short whatever its size
 */
export function readout(value, isShare = false, language) {
  if (value === null || !Number.isFinite(value)) return "–";
  if (isShare) return percent(value, language);
  const size = Math.abs(value);
  if (size > 0 && (size < 1e-3 || size >= 1e6)) return power(value, language);
  return localized(value.toFixed(size >= 100 ? 1 : 3), language);
}
