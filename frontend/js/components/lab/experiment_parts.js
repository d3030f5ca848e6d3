// The parts of an experiment that are written again after each reply: its texts, its figures, its table, what it wrote.

import { make, maybe, one } from "../../lib/dom.js";
import { dpoFigures } from "../../lib/dpo_figures.js";
import { fixed, percent } from "../../lib/format.js";
import { barEnd } from "../../lib/ticks.js";
import { gettext, interpolate } from "../../lib/translation.js";
import { logRatio, sidesAt } from "./progress.js";

/** @typedef {import("./types.js").Session} Session */

/**
 * @param {import("./types.js").Side} side
 * @returns {number} the geometric mean of its tokens' probabilities
 */
function mean(side) {
  return Math.exp(side.logp / side.tokens);
}

/**
 * @param {HTMLElement} place
 * @param {Session} session
 */
export function showTexts(place, session) {
  const last = session.points.at(-1);
  if (!last) return;
  const end = barEnd(session.points.flatMap((point) => sidesAt(session, point).map(mean)));
  one("[data-bar-end]", HTMLElement, place).textContent = end < 1 ? interpolate(gettext("The bars end at %(share)s."), { share: percent(end) }) : "";
  sidesAt(session, last).forEach((side, index) => {
    const row = maybe(`[data-text="${index}"]`, HTMLTableRowElement, place);
    if (!row) return;
    const share = mean(side);
    const meter = one("[data-meter]", HTMLMeterElement, row);
    meter.max = end;
    meter.value = share;
    meter.textContent = percent(share);
    one("[data-mean]", HTMLElement, row).textContent = percent(share);
    one("[data-logp]", HTMLElement, row).textContent = fixed(side.logp, 2);
    one("[data-ratio]", HTMLElement, row).textContent = (logRatio(side) > 0 ? "+" : "") + fixed(logRatio(side), 2);
  });
}

/**
 * @param {HTMLElement} place
 * @param {Session} session
 */
export function showFigures(place, session) {
  const last = session.points.at(-1);
  const figure = (/** @type {string} */ name) => one(`[data-lab=${name}]`, HTMLElement, place);
  if (last) {
    figure("probability").textContent = percent(dpoFigures(last.margin, 0, 1).probability);
    figure("margin").textContent = fixed(last.margin);
    figure("loss").textContent = fixed(last.loss);
  }
  figure("kl").textContent = fixed(session.wrote.at(-1)?.kl);
  one("[data-displaced]", HTMLElement, place).hidden = !last?.displacement;
}

/**
 * @param {HTMLElement} body of the table
 * @param {Session} session
 */
export function showTable(body, session) {
  const rows = session.points.map((point) => {
    const [better, worse] = sidesAt(session, point);
    const cells = [
      String(point.step),
      fixed(point.loss, 4),
      fixed(point.margin, 4),
      fixed(better && logRatio(better)),
      fixed(worse && logRatio(worse)),
      fixed(point.grad_norm),
    ];
    const row = make("tr");
    row.append(...cells.map((text) => make("td", { class: "number", text })));
    return row;
  });
  body.replaceChildren(...rows);
}

/**
 * @param {HTMLElement} place
 * @param {Session} session
 */
export function showWritten(place, session) {
  const texts = { first: session.wrote[0]?.texts, last: session.wrote.at(-1)?.texts };
  for (const [which, list] of Object.entries(texts)) {
    const items = (list ?? []).map((text) => {
      const item = make("li", { text: text || gettext("(nothing)") });
      item.dir = "auto";
      return item;
    });
    one(`[data-wrote=${which}]`, HTMLElement, place).replaceChildren(...items);
  }
}
