// One look through the lens: waits for the result, then computes it for any beta. The log-ratios are the model's; the
// rest is arithmetic.

import { announce } from "../lib/announce.js";
import { call } from "../lib/api.js";
import { all, maybe, one } from "../lib/dom.js";
import { dpoFigures } from "../lib/dpo_figures.js";
import { fixed, percent } from "../lib/format.js";
import { refreshParts } from "../lib/live_parts.js";
import { poll } from "../lib/poll.js";
import { isActive, showWait, statusLabel } from "../lib/job_status.js";
import { gettext } from "../lib/translation.js";

/** @typedef {keyof import("../lib/dpo_figures.js").Figures} Name */

const page = one("#main", HTMLElement);
const url = `${page.dataset.api ?? "/api/v1/"}lens/${page.dataset.lensJob}/`;

/** @param {string | undefined} text the log-ratios of both sides, with a space between them */
function ratiosOf(text) {
  const [chosen, rejected] = (text ?? "").split(" ").map(Number);
  return [chosen ?? 0, rejected ?? 0];
}

/** @param {number} beta */
function showFigures(beta) {
  const body = one("tbody[data-after]", HTMLElement);
  const columns = [ratiosOf(body.dataset.before), ratiosOf(body.dataset.after)];
  one("#beta-value", HTMLElement).textContent = fixed(beta);
  columns.forEach(([chosen, rejected], column) => {
    const figures = dpoFigures(chosen ?? 0, rejected ?? 0, beta);
    for (const row of all("tr[data-figure]", HTMLTableRowElement, body)) {
      const name = /** @type {Name} */ (row.dataset.figure);
      const cell = row.cells[column + 1];
      if (cell) cell.textContent = name === "probability" ? percent(figures[name]) : fixed(figures[name]);
    }
  });
}

function startSlider() {
  const slider = maybe("#beta", HTMLInputElement);
  if (!slider) return;
  slider.hidden = false;
  slider.value = String(Math.log10(Number(slider.dataset.beta)));
  slider.setAttribute("aria-valuetext", fixed(Number(slider.dataset.beta)));
  slider.addEventListener("input", () => {
    const beta = 10 ** Number(slider.value);
    slider.setAttribute("aria-valuetext", fixed(beta));
    showFigures(beta);
  });
}

if (maybe("[data-active]", HTMLElement)) {
  poll(async () => {
    const job = await call("GET", url);
    const chip = maybe("[data-active] .chip", HTMLElement);
    if (chip && isActive(job.status)) {
      chip.dataset.state = job.status;
      chip.textContent = statusLabel(job.status);
      showWait(document, job.waits_for);
      return false;
    }
    if (!(await refreshParts())) location.reload();
    announce(job.status === "finished" ? gettext("The result is here.") : gettext("The lens could not finish."));
    startSlider();
    return true;
  });
} else {
  startSlider();
}
