// Curves over the steps of a run, drawn by uPlot in the colours of the page. The values at a step are read off with the
// pointer, or with the arrow keys once the chart has the focus.

import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { logLabels, logRange, logTicks, rangeAround, stepTicks, tickLabels, ticks } from "../lib/ticks.js";
import { gettext, interpolate } from "../lib/translation.js";
import { make } from "../lib/dom.js";
import { Readout } from "./chart_readout.js";

/** @typedef {import("./chart_types.js").Curve} Curve */
/** @typedef {import("./chart_types.js").Manner} Manner */
/** @typedef {import("./chart_types.js").Style} Style */

const HEIGHT = 240;
const DOTTED = 40; // so many measurements are still shown as points
/** @type {Record<Style, number[] | undefined>} */
export const DASHES = { line: undefined, dash: [6, 4], points: undefined, floor: [2, 3] };

export class Chart {
  /** @type {uPlot | null} */
  #plot = null;
  /** @type {(number | null)[][]} */
  #data;
  #steps = 0;
  #isLog = false;
  /** @type {number | null} */
  #at = null;

  /**
   * @param {HTMLElement} place where it is drawn
   * @param {Curve[]} curves
   * @param {Manner} [manner]
   */
  constructor(place, curves, manner = {}) {
    this.place = place;
    this.curves = curves;
    this.manner = manner;
    this.#data = [[], ...curves.map(() => [])];
    this.canvas = make("div", { class: "chart-plot" });
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "slider"); // of which step the values are read off
    this.canvas.setAttribute("aria-label", interpolate(gettext("%(chart)s: values at a step"), { chart: this.#caption }));
    this.canvas.addEventListener("keydown", (event) => this.#onKey(event));
    this.canvas.addEventListener("blur", () => this.#lookAt(null));
    this.readout = new Readout(curves, manner);
    // Without a measurement a frame with axes would say nothing: a sentence stands there, the page's own where it has one.
    this.nothing =
      place.closest("figure")?.querySelector("[data-nothing]") ?? make("p", { class: "muted small", text: gettext("Nothing has been measured yet.") });
    this.drawing = [this.canvas, this.readout.list, ...(manner.log ? [this.#logSwitch()] : [])];
    place.append(...this.drawing);
    if (!this.nothing.isConnected) place.append(this.nothing);
    new ResizeObserver(() => this.#resize()).observe(place);
    // uPlot draws into a canvas: it has to be told when the colours change, on paper too.
    document.addEventListener("themechange", () => this.#draw());
    for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", () => this.#draw());
    this.#showEmpty();
    this.#draw();
  }

  /** @param {(number | null)[][]} data the steps, then one list for each curve */
  show(data) {
    const isOtherDensity = this.#isDotted(this.#data) !== this.#isDotted(data);
    this.#data = data;
    this.#showEmpty();
    if (isOtherDensity) this.#draw();
    else this.#plot?.setData(/** @type {uPlot.AlignedData} */ (this.#drawable()));
    this.#read();
  }

  /** @param {number} steps that are planned: the axis reaches as far */
  plan(steps) {
    if (steps === this.#steps) return;
    this.#steps = steps;
    this.#draw();
  }

  #showEmpty() {
    const isEmpty = !this.#data.slice(1).some(isMeasured);
    for (const part of this.drawing) part.hidden = isEmpty;
    this.nothing.toggleAttribute("hidden", !isEmpty);
  }

  get #caption() {
    const words = this.place.closest("figure")?.querySelector("figcaption")?.firstChild?.textContent ?? "";
    return words.trim();
  }

  /** @param {(number | null)[][]} data */
  #isDotted(data) {
    return (data[0]?.length ?? 0) <= DOTTED;
  }

  /** The data as they are drawn: a logarithm has no place for 0 and less. */
  #drawable() {
    if (!this.#isLog) return this.#data;
    const [steps = [], ...rest] = this.#data;
    return [steps, ...rest.map((column) => column.map((value) => (value !== null && value > 0 ? value : null)))];
  }

  #resize() {
    const width = this.place.clientWidth;
    if (width && this.#plot && this.#plot.width !== width) this.#plot.setSize({ width, height: HEIGHT });
  }

  #draw() {
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(), /** @type {uPlot.AlignedData} */ (this.#drawable()), this.canvas);
    this.readout.paint(colour);
    this.#read();
  }

  #logSwitch() {
    const label = make("label", { class: "chart-log" });
    const box = /** @type {HTMLInputElement} */ (make("input"));
    box.type = "checkbox";
    box.addEventListener("change", () => {
      this.#isLog = box.checked;
      this.#draw();
    });
    label.append(box, gettext("Logarithmic scale"));
    return label;
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const last = (this.#data[0]?.length ?? 0) - 1;
    const at = this.#at ?? (event.key === "ArrowLeft" ? last + 1 : -1);
    const moves = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, Home: 0, End: last };
    const to = event.key in moves ? moves[/** @type {keyof typeof moves} */ (event.key)] : null;
    if (to === null || last < 0) return;
    event.preventDefault();
    this.#lookAt(Math.max(0, Math.min(last, to)));
  }

  /** @param {number | null} index of a step; null: of the last one, and no line is drawn */
  #lookAt(index) {
    this.#at = index;
    const step = index === null ? null : this.#data[0]?.[index];
    const left = step === null || step === undefined ? -10 : (this.#plot?.valToPos(step, "x") ?? -10);
    this.#plot?.setCursor({ left, top: left < 0 ? -10 : 1 }, false);
    this.#read();
  }

  /** Writes the values at the step under the pointer, at that of the keys, or at the last one. */
  #read() {
    const [steps = [], ...columns] = this.#data;
    const index = this.#at ?? steps.length - 1;
    const text = this.readout.show(steps[index] ?? null, columns.map((column) => lastUntil(column, index, this.#at === null)), columns.map(isMeasured));
    this.canvas.setAttribute("aria-valuemin", String(steps[0] ?? 0));
    this.canvas.setAttribute("aria-valuemax", String(steps.at(-1) ?? 0));
    this.canvas.setAttribute("aria-valuenow", String(steps[index] ?? 0));
    this.canvas.setAttribute("aria-valuetext", text);
  }

  /** @returns {uPlot.Options} */
  #options() {
    const ink = colour("--muted");
    const grid = { stroke: colour("--line"), width: 1 };
    const axis = { stroke: ink, grid, ticks: grid, font: `12px ${getComputedStyle(document.body).fontFamily}` };
    const { percent, level } = this.manner;
    const isLog = this.#isLog && logRange(this.#drawable().slice(1).flat()) !== null;
    const dotted = this.#isDotted(this.#data);
    return {
      width: this.place.clientWidth || 400,
      height: HEIGHT,
      padding: [12, 16, null, null],
      legend: { show: false },
      scales: {
        x: { time: false, range: () => [0, Math.max(this.#steps, (this.#data[0] ?? []).at(-1) ?? 0, 1)] },
        y: { distr: isLog ? 3 : 1, range: () => this.#range(isLog) },
      },
      axes: [
        { ...axis, size: 36, splits: (_, __, ___, last) => stepTicks(last), values: (_, marks) => marks.map(String) },
        {
          ...axis,
          size: (_, labels) => 18 + 7 * Math.max(3, ...(labels ?? []).map((label) => label.length)),
          splits: (_, __, low, high) => (isLog ? logTicks(low, high) : ticks(low, high)),
          filter: (_, marks) => marks,
          values: (_, marks) => (isLog ? logLabels(marks) : tickLabels(marks, percent ? { percent } : {})),
        },
      ],
      series: [
        {},
        ...this.curves.map(({ colour: name, style = "line" }) => ({
          stroke: style === "points" ? "transparent" : colour(name),
          width: style === "floor" ? 1.5 : 2,
          ...(DASHES[style] ? { dash: DASHES[style] } : {}),
          spanGaps: true,
          points: {
            // A line through one measurement only would be invisible.
            show: style === "points" || (style === "floor" ? isAlone : dotted),
            size: style === "points" ? 9 : 6,
            stroke: colour(name),
            fill: colour(name),
          },
        })),
      ],
      hooks: {
        ...(level === undefined || isLog ? {} : { drawAxes: [(/** @type {uPlot} */ plot) => drawLevel(plot, level, ink)] }),
        setCursor: [(plot) => this.#onPointer(plot)],
      },
      cursor: { drag: { x: true, y: false }, points: { show: false } },
    };
  }

  /**
   * @param {boolean} isLog
   * @returns {[number, number]}
   */
  #range(isLog) {
    const values = this.#drawable().slice(1).flat();
    return (isLog && logRange(values)) || rangeAround(values, this.manner);
  }

  /** @param {uPlot} plot */
  #onPointer(plot) {
    if (document.activeElement === this.canvas && !this.canvas.matches(":hover")) return; // moved by the keys
    const at = (plot.cursor.left ?? -1) < 0 ? null : (plot.cursor.idx ?? null);
    if (at === this.#at) return;
    this.#at = at;
    this.#read();
  }
}

/**
 * @param {uPlot} plot
 * @param {number} index of a curve
 */
function isAlone(plot, index) {
  return Array.from(plot.data[index] ?? []).filter((value) => typeof value === "number").length === 1;
}

/** @param {(number | null)[]} column */
function isMeasured(column) {
  return column.some((value) => value !== null);
}

/**
 * @param {(number | null)[]} column
 * @param {number} index
 * @param {boolean} isLatest whether an earlier value may stand for it
 */
function lastUntil(column, index, isLatest) {
  if (!isLatest) return column[index] ?? null;
  return column.slice(0, index + 1).filter((value) => value !== null).at(-1) ?? null;
}

/**
 * @param {string} name of a custom property
 * @returns {string} its colour in the present theme
 */
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
