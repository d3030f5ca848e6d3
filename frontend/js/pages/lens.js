// One look through the lens: waits for the result, then lets beta be played with. The log-ratios are the model's; the rest
// is arithmetic.

import { announce } from "../lib/announce.js";
import { call } from "../lib/api.js";
import { all, maybe, one } from "../lib/dom.js";
import { figures } from "../lib/dpo.js";
import { fixed, percent } from "../lib/format.js";
import { refreshParts } from "../lib/live.js";
import { poll } from "../lib/poll.js";
import { statusInWords } from "../lib/statuses.js";
import { gettext } from "../lib/words.js";

/** @typedef {keyof import("../lib/dpo.js").Figures} Name */

const ACTIVE = new Set(["queued", "running", "cancelling"]);
const page = one("#main", HTMLElement);
const url = `${page.dataset.api ?? "/api/v1/"}lens/${page.dataset.lensJob}/`;

/** @param {string | undefined} ratios of both sides, with a space between them */
function numbers(ratios) {
  const [chosen, rejected] = (ratios ?? "").split(" ").map(Number);
  return [chosen ?? 0, rejected ?? 0];
}

/** @param {number} beta */
function showFigures(beta) {
  const body = one("tbody[data-after]", HTMLElement);
  const columns = [numbers(body.dataset.before), numbers(body.dataset.after)];
  one("#beta-value", HTMLElement).textContent = fixed(beta);
  columns.forEach(([chosen, rejected], column) => {
    const found = figures(chosen ?? 0, rejected ?? 0, beta);
    for (const row of all("tr[data-figure]", HTMLTableRowElement, body)) {
      const name = /** @type {Name} */ (row.dataset.figure);
      const cell = row.cells[column + 1];
      if (cell) cell.textContent = name === "probability" ? percent(found[name]) : fixed(found[name]);
    }
  });
}

function offerBeta() {
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
    if (chip && ACTIVE.has(job.status)) {
      chip.dataset.state = job.status;
      chip.textContent = statusInWords(job.status);
      return false;
    }
    if (!(await refreshParts())) location.reload();
    announce(job.status === "finished" ? gettext("The result is here.") : gettext("The lens could not finish."));
    offerBeta();
    return true;
  });
} else {
  offerBeta();
}
