// Curves over the steps of a run, drawn by uPlot in the colours of the page.

import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { fixed, localized, percent as percentOf } from "../lib/format.js";
import { gettext } from "../lib/translation.js";

/**
 * @typedef {object} Curve
 * @property {string} label
 * @property {string} colour name of a custom property, as "--series-1"
 * @property {boolean} [points] few measurements, shown as points; else a line
 */

const HEIGHT = 240;

export class Chart {
  /** @type {uPlot | null} */
  #plot = null;
  /** @type {(number | null)[][]} */
  #data;

  /**
   * @param {HTMLElement} place where it is drawn
   * @param {Curve[]} curves
   * @param {{ level?: number, percent?: boolean }} [manner] `level`: a thin line to measure against
   */
  constructor(place, curves, manner = {}) {
    this.place = place;
    this.curves = curves;
    this.manner = manner;
    this.#data = [[], ...curves.map(() => [])];
    new ResizeObserver(() => this.#resize()).observe(place);
    // uPlot draws into a canvas: it has to be told when the colours change.
    document.addEventListener("themechange", () => this.#draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    this.#draw();
  }

  /** @param {(number | null)[][]} data the steps, then one list for each curve */
  show(data) {
    this.#data = data;
    this.#plot?.setData(/** @type {uPlot.AlignedData} */ (data));
  }

  #resize() {
    const width = this.place.clientWidth;
    if (width && this.#plot && this.#plot.width !== width) this.#plot.setSize({ width, height: HEIGHT });
  }

  #draw() {
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(), /** @type {uPlot.AlignedData} */ (this.#data), this.place);
  }

  /** @returns {uPlot.Options} */
  #options() {
    const ink = colour("--muted");
    const grid = { stroke: colour("--line"), width: 1 };
    const axis = { stroke: ink, grid, ticks: grid, font: `12px ${getComputedStyle(document.body).fontFamily}` };
    const { percent, level } = this.manner;
    const written = (/** @type {number | null} */ value) => (value === null ? "–" : percent ? percentOf(value) : fixed(value));
    return {
      width: this.place.clientWidth || 400,
      height: HEIGHT,
      scales: { x: { time: false }, y: percent ? { range: [0, 1] } : { range: (_, low, high) => around(low, high, level) } },
      axes: [
        { ...axis, values: (_, splits) => splits.map((split) => (Number.isInteger(split) ? String(split) : "")) },
        { ...axis, size: 56, values: (_, splits) => splits.map((split) => (percent ? `${Math.round(100 * split)} %` : tidy(split))) },
      ],
      series: [
        { label: gettext("Step"), value: (/** @type {uPlot} */ _, /** @type {number | null} */ value) => (value === null ? "–" : String(value)) },
        ...this.curves.map((curve, index) => ({
          label: curve.label,
          stroke: colour(curve.colour),
          width: 2,
          dash: index % 2 && !curve.points ? [6, 4] : undefined,
          spanGaps: true,
          points: curve.points ? { show: true, size: 8, fill: colour(curve.colour) } : { show: false },
          value: (/** @type {uPlot} */ _, /** @type {number | null} */ value) => written(value),
        })),
      ],
      hooks: level === undefined ? {} : { drawAxes: [(plot) => drawLevel(plot, level, ink)] },
      cursor: { drag: { x: true, y: false } },
    };
  }
}

/** @param {string} name of a custom property */
function colour(name) {
  // A custom property is not resolved by getComputedStyle (light-dark() stays as written): a real one is.
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}

/**
 * A range with room around the data, the level in it.
 *
 * @param {number | null} low
 * @param {number | null} high
 * @param {number} [level]
 * @returns {[number, number]}
 */
function around(low, high, level) {
  const values = [low, high, level].filter((value) => typeof value === "number");
  if (!values.length) return [0, 1];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = Math.max((most - least) * 0.12, Math.abs(most) * 0.02) || 1; // only zeros so far
  return [least - room, most + room];
}

/** @param {number} value */
function tidy(value) {
  return localized(Number(value.toPrecision(6)).toString());
}

/**
 * @param {uPlot} plot
 * @param {number} level
 * @param {string} ink
 */
function drawLevel(plot, level, ink) {
  const y = plot.valToPos(level, "y", true);
  plot.ctx.save();
  plot.ctx.strokeStyle = ink;
  plot.ctx.setLineDash([2, 4]);
  plot.ctx.beginPath();
  plot.ctx.moveTo(plot.bbox.left, y);
  plot.ctx.lineTo(plot.bbox.left + plot.bbox.width, y);
  plot.ctx.stroke();
  plot.ctx.restore();
}
