// The price of a better model: the learning curve with its interval; a measurement under way is followed.

import { Chart } from "../components/chart.js";
import { maybe } from "../lib/dom.js";
import { refreshWhileActive } from "../lib/live_parts.js";
import { gettext } from "../lib/translation.js";

/**
 * @typedef {object} PriceChart
 * @property {number[]} at labels, minutes or money
 * @property {number[]} curve
 * @property {number[]} low
 * @property {number[]} high
 * @property {(number | null)[]} points
 * @property {(number | null)[]} versions
 * @property {string} along
 */

const island = maybe("script#price-chart", HTMLScriptElement);
const place = maybe("[data-chart] .chart-canvas", HTMLElement);
if (island && place) {
  /** @type {PriceChart} */
  const found = JSON.parse(island.textContent ?? "");
  const chart = new Chart(
    place,
    [
      { label: gettext("Forecast"), colour: "--series-1" },
      { label: gettext("Lower end"), colour: "--series-1", style: "dash" },
      { label: gettext("Upper end"), colour: "--series-1", style: "dash" },
      { label: gettext("Short runs"), colour: "--series-2", style: "points" },
      { label: gettext("Versions"), colour: "--series-3", style: "points" },
    ],
    { percent: true, fit: true, along: found.along },
  );
  chart.plan(found.at.at(-1) ?? 0);
  chart.show([found.at, found.curve, found.low, found.high, found.points, found.versions]);
}

refreshWhileActive(() => location.reload());
