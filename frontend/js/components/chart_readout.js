// Below a chart: how each curve is drawn, and its value at a step.

import { make } from "../lib/dom.js";
import { readout } from "../lib/ticks.js";
import { gettext, interpolate } from "../lib/translation.js";

/** @typedef {import("./chart_types.js").Curve} Curve */
/** @typedef {import("./chart_types.js").Manner} Manner */

const SVG = "http://www.w3.org/2000/svg";
/** @type {Record<string, string>} */
const DASHES = { dash: "6 4", floor: "2 3", level: "1 3" };

export class Readout {
  /** @type {{ colour: string, stroke: SVGElement }[]} */
  #strokes = [];

  /**
   * @param {Curve[]} curves
   * @param {Manner} manner
   */
  constructor(curves, manner) {
    this.manner = manner;
    this.curves = curves;
    this.list = make("ul", { class: "chart-readout" });
    this.list.setAttribute("aria-hidden", "true"); // the chart itself says it
    this.step = this.#entry(null, manner.along ?? gettext("Step"));
    this.entries = curves.map((curve) => this.#entry({ colour: curve.colour, style: curve.style ?? "line" }, curve.label));
    if (manner.levelName !== undefined && manner.level !== undefined) {
      this.#entry({ colour: "--muted", style: "level" }, manner.levelName).value.textContent = readout(manner.level, manner.percent);
    }
  }

  /**
   * @param {number | null} step
   * @param {(number | null)[]} values one for each curve
   * @param {boolean[]} measured whether the curve has any value: one without is left out
   * @returns {string} the same in one sentence
   */
  show(step, values, measured) {
    this.step.value.textContent = step === null ? "–" : String(step);
    const parts = this.entries.flatMap(({ item, value }, index) => {
      item.hidden = !measured[index];
      value.textContent = readout(values[index] ?? null, this.manner.percent);
      return measured[index] ? [`${this.curves[index]?.label}: ${value.textContent}`] : [];
    });
    if (step === null) return gettext("Nothing has been measured yet.");
    const place = this.manner.along ? `${this.manner.along}: ${step}` : interpolate(gettext("Step %(step)s"), { step });
    return `${place}. ${parts.join(", ")}`;
  }

  /** @param {(name: string) => string} colour of a custom property in the present theme */
  paint(colour) {
    for (const each of this.#strokes) each.stroke.setAttribute("stroke", colour(each.colour));
  }

  /**
   * @param {{ colour: string, style: string } | null} sample how it is drawn
   * @param {string} label
   */
  #entry(sample, label) {
    const item = make("li");
    if (sample) item.append(this.#sample(sample));
    const value = make("b", { text: "–" });
    item.append(make("span", { text: label }), value);
    this.list.append(item);
    return { item, value };
  }

  /** @param {{ colour: string, style: string }} sample */
  #sample({ colour, style }) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 24 10");
    const stroke = document.createElementNS(SVG, "line");
    const isPoint = style === "points";
    for (const [name, value] of Object.entries({ x1: isPoint ? 12 : 0, x2: isPoint ? 12.01 : 24, y1: 5, y2: 5 })) stroke.setAttribute(name, String(value));
    stroke.setAttribute("stroke-width", isPoint ? "9" : "2.5");
    if (isPoint) stroke.setAttribute("stroke-linecap", "round");
    if (DASHES[style]) stroke.setAttribute("stroke-dasharray", DASHES[style]);
    svg.append(stroke);
    this.#strokes.push({ colour, stroke });
    return svg;
  }
}
