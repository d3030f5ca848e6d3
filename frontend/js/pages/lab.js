// The lab: arithmetic that answers at once, and an experiment on a real model that is followed step by step.

import { Chart } from "../components/chart.js";
import { announce } from "../lib/announce.js";
import { call, Refused } from "../lib/api.js";
import { all, make, maybe, one } from "../lib/dom.js";
import { figures } from "../lib/dpo.js";
import { fixed, percent } from "../lib/format.js";
import { poll } from "../lib/poll.js";
import { statusInWords } from "../lib/statuses.js";
import { gettext, interpolate } from "../lib/words.js";

/** @typedef {{ logp: number, reference: number, tokens: number }} Side */
/** @typedef {{ id: string, chosen: Side, rejected: Side }} Pair */
/**
 * @typedef {object} Point what the model was after a step
 * @property {number} step
 * @property {number} loss
 * @property {number} margin
 * @property {boolean} displacement
 * @property {number | null} grad_norm
 * @property {Pair[]} pairs the lesson, then what is watched
 */
/**
 * @typedef {object} Session what GET lab/{id}/ answers
 * @property {number} id
 * @property {string} status
 * @property {string} error
 * @property {number} done
 * @property {number} total
 * @property {Point[]} points
 * @property {{ step: number, kl: number, texts: string[] }[]} wrote
 * @property {{ watched: string[] }} lesson
 * @property {{ beta: number }} config
 */

const page = one("#main", HTMLElement);
const api = page.dataset.api ?? "/api/v1/";

// --- The calculator ---

const calculator = one("[data-calculator]", HTMLFormElement);

/** @param {string} id */
function slider(id) {
  return Number(one(`#${id}`, HTMLInputElement).value);
}

/** @param {import("../lib/dpo.js").Figures} found */
function inWords(found) {
  if (Math.abs(found.margin) < 0.2) return gettext("Almost nothing is known: the loss is near ln 2 = 0.693, and the gradient pulls with half of beta.");
  if (found.margin > 4) return gettext("The model is sure and right: almost no gradient is left, however often it sees this pair.");
  if (found.margin > 0) return gettext("The model agrees with the label; the surer it is, the less it still learns.");
  if (found.margin < -4) return gettext("The model is sure of the opposite: the gradient pulls with almost all of beta. Is the label right?");
  return gettext("The model prefers the other one: this pair pulls harder than most.");
}

function calculate() {
  const beta = 10 ** slider("calc-beta");
  const [chosen, rejected] = [slider("calc-chosen"), slider("calc-rejected")];
  /** @type {[string, number][]} */
  const values = [["calc-beta", beta], ["calc-chosen", chosen], ["calc-rejected", rejected]];
  for (const [id, value] of values) {
    one(`[data-value=${id}]`, HTMLElement).textContent = fixed(value, 2);
    one(`#${id}`, HTMLInputElement).setAttribute("aria-valuetext", fixed(value, 2));
  }
  const found = figures(chosen, rejected, beta);
  for (const element of all("[data-calc]", HTMLElement)) {
    const name = /** @type {keyof typeof found} */ (element.dataset.calc);
    element.textContent = name === "probability" ? percent(found[name]) : fixed(found[name], 4);
  }
  one("[data-calc-says]", HTMLElement).textContent = inWords(found);
}

calculator.addEventListener("input", calculate);
calculator.addEventListener("submit", (event) => event.preventDefault());
calculate();

// --- The walk in six steps ---

const walk = one("[data-walk]", HTMLFormElement);
const walkSteps = all("[data-walk-step]", HTMLElement);
const walkNext = one("[data-walk-next]", HTMLButtonElement);
const walkAll = one("[data-walk-all]", HTMLButtonElement);

function compute() {
  const ratios = [slider("walk-pc") / slider("walk-rc"), slider("walk-pr") / slider("walk-rr")];
  const [chosen, rejected] = ratios.map(Math.log);
  if (![chosen, rejected].every((value) => Number.isFinite(value))) return;
  const found = figures(chosen ?? 0, rejected ?? 0, slider("walk-beta"));
  /** @type {Record<string, number | undefined>} */
  const values = {
    "ratios-chosen": ratios[0],
    "ratios-rejected": ratios[1],
    "logs-chosen": chosen,
    "logs-rejected": rejected,
    "rewards-chosen": found.chosen_reward,
    "rewards-rejected": found.rejected_reward,
    "margin-margin": found.margin,
    "loss-loss": found.loss,
    "loss-weight": found.weight,
  };
  for (const element of all("[data-walk-value]", HTMLElement)) {
    const name = element.dataset.walkValue ?? "";
    element.textContent = name === "probability-probability" ? percent(found.probability) : fixed(values[name], 4);
  }
}

/** @param {number} count how many steps are shown */
function reveal(count) {
  walkSteps.forEach((step, index) => (step.hidden = index >= count));
  walkNext.hidden = walkAll.hidden = count >= walkSteps.length;
}

walk.addEventListener("input", compute);
walk.addEventListener("submit", (event) => event.preventDefault());
walkNext.addEventListener("click", () => {
  const shown = walkSteps.filter((step) => !step.hidden).length + 1;
  reveal(shown);
  announce(walkSteps[shown - 1]?.textContent?.trim().replace(/\s+/g, " ") ?? "");
});
walkAll.addEventListener("click", () => reveal(walkSteps.length));
reveal(1);

// --- The experiment ---

/** @param {Session} session the texts in the order of the table: better, worse, watched */
function sidesOf(session) {
  const watched = session.lesson.watched.length;
  return (/** @type {Point} */ point) => {
    const [lesson, others] = point.pairs;
    const sides = lesson ? [lesson.chosen, lesson.rejected] : [];
    if (others && watched > 0) sides.push(others.chosen);
    if (others && watched > 1) sides.push(others.rejected);
    return sides;
  };
}

/** @param {Side} side */
function ratio(side) {
  return side.logp - side.reference;
}

/** @param {Session} session */
function drawing(session) {
  const colours = ["--series-3", "--series-4", "--series-1", "--series-2"];
  const labels = [gettext("Better"), gettext("Worse"), ...session.lesson.watched.map((_, index) => interpolate(gettext("Watched %(number)s"), { number: index + 1 }))];
  const ratios = new Chart(
    one("[data-chart=ratios] .chart-canvas", HTMLElement),
    labels.map((label, index) => ({ label, colour: colours[index] ?? "--series-1" })),
    { level: 0 },
  );
  const wins = new Chart(one("[data-chart=wins] .chart-canvas", HTMLElement), [{ label: "P", colour: "--series-3" }], { level: 0.5, percent: true });
  return (/** @type {Session} */ newest) => {
    const sides = newest.points.map(sidesOf(newest));
    const steps = newest.points.map((point) => point.step);
    ratios.show([steps, ...labels.map((_, index) => sides.map((each) => (each[index] ? ratio(each[index]) : null)))]);
    wins.show([steps, newest.points.map((point) => figures(point.margin, 0, 1).probability)]);
  };
}

/** @param {Session} session */
function showTexts(session) {
  const last = session.points.at(-1);
  if (!last) return;
  sidesOf(session)(last).forEach((side, index) => {
    const row = maybe(`[data-text="${index}"]`, HTMLTableRowElement);
    if (!row) return;
    const mean = Math.exp(side.logp / side.tokens);
    const meter = one("[data-meter]", HTMLMeterElement, row);
    meter.value = mean;
    meter.textContent = percent(mean);
    one("[data-mean]", HTMLElement, row).textContent = percent(mean);
    one("[data-logp]", HTMLElement, row).textContent = fixed(side.logp, 2);
    one("[data-ratio]", HTMLElement, row).textContent = (ratio(side) > 0 ? "+" : "") + fixed(ratio(side), 2);
  });
}

/** @param {Session} session */
function showFigures(session) {
  const last = session.points.at(-1);
  const kl = session.wrote.at(-1)?.kl;
  const figure = (/** @type {string} */ name) => one(`[data-lab=${name}]`, HTMLElement);
  if (last) {
    figure("probability").textContent = percent(figures(last.margin, 0, 1).probability);
    figure("margin").textContent = fixed(last.margin);
    figure("loss").textContent = fixed(last.loss);
  }
  figure("kl").textContent = fixed(kl);
  one("[data-displaced]", HTMLElement).hidden = !last?.displacement;
}

/** @param {Session} session */
function showTable(session) {
  const rows = session.points.map((point) => {
    const [better, worse] = sidesOf(session)(point);
    const line = make("tr");
    const texts = [String(point.step), fixed(point.loss, 4), fixed(point.margin, 4), fixed(better && ratio(better)), fixed(worse && ratio(worse)), fixed(point.grad_norm)];
    line.append(...texts.map((text) => make("td", { class: "number", text })));
    return line;
  });
  one("[data-lab-table] tbody", HTMLElement).replaceChildren(...rows);
}

/** @param {Session} session */
function showWritten(session) {
  /** @type {[string, string[] | undefined][]} */
  const parts = [
    ["first", session.wrote[0]?.texts],
    ["last", session.wrote.at(-1)?.texts],
  ];
  for (const [which, texts] of parts) {
    const items = (texts ?? []).map((text) => {
      const item = make("li", { text: text || gettext("(nothing)") });
      item.dir = "auto";
      return item;
    });
    one(`[data-wrote=${which}]`, HTMLElement).replaceChildren(...items);
  }
}

/** @param {Session} session */
function showStatus(session) {
  const chip = one("[data-lab-status]", HTMLElement);
  const rests = isDone(session) && session.status === "running";
  chip.dataset.state = rests ? "finished" : session.status;
  chip.textContent = rests ? gettext("Ready for the next step") : statusInWords(session.status);
  one("[data-lab-steps]", HTMLElement).textContent = interpolate(gettext("step %(done)s of %(total)s"), { done: session.done, total: session.total });
  const says = maybe("[data-lab-says]", HTMLElement);
  if (says) says.textContent = inProgress(session);
  const error = one("[data-lab-error]", HTMLElement);
  error.hidden = !session.error;
  error.textContent = session.error;
}

/** @param {Session} session */
function inProgress(session) {
  if (session.status === "queued") return gettext("Waits for a worker.");
  if (session.status !== "running") return "";
  if (!session.points.length) return gettext("Loads the model: about ten seconds.");
  if (session.done < session.total) return gettext("Trains …");
  return isDone(session) ? "" : gettext("Writes a few answers of its own …");
}

/**
 * @param {Session} session
 * @returns {boolean} whether all that was asked for is done and told
 */
function isDone(session) {
  return session.done >= session.total && (session.wrote.at(-1)?.step ?? -1) >= session.done;
}

const ACTIVE = new Set(["queued", "running", "cancelling"]);

/** @param {Session} first */
function experiment(first) {
  const url = `${api}lab/${first.id}/`;
  const draw = drawing(first);
  let stop = () => {};
  let known = first;

  /** @param {Session} news with what is later than what is known, or with all of it */
  function show(news) {
    const since = known.points.at(-1)?.step ?? -1;
    const told = known.wrote.at(-1)?.step ?? -1;
    const session = {
      ...news,
      points: [...known.points, ...news.points.filter((point) => point.step > since)],
      wrote: [...known.wrote, ...news.wrote.filter((wrote) => wrote.step > told)],
    };
    known = session;
    showStatus(session);
    showTexts(session);
    showFigures(session);
    showTable(session);
    showWritten(session);
    draw(session);
  }

  function follow() {
    stop();
    stop = poll(
      async () => {
        // What it wrote comes after the point of the same step: both are asked for from the older one on.
        const after = Math.min(known.points.at(-1)?.step ?? -1, known.wrote.at(-1)?.step ?? -1);
        show(/** @type {Session} */ (await call("GET", `${url}?after=${after}`)));
        if (ACTIVE.has(known.status) && !isDone(known)) return false;
        announce(interpolate(gettext("Step %(step)s: loss %(loss)s."), { step: known.done, loss: fixed(known.points.at(-1)?.loss) }));
        return true;
      },
      { every: 700 },
    );
  }

  const form = maybe("[data-lab-form]", HTMLFormElement);
  form?.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!(button instanceof HTMLButtonElement)) return;
    event.preventDefault();
    call("POST", `${url}steps/`, { steps: Number(button.value) }).then(
      (session) => {
        show(session);
        follow();
      },
      (error) => {
        const says = one("[data-lab-says]", HTMLElement);
        says.textContent = error instanceof Refused ? error.message : gettext("The server does not answer; try again.");
      },
    );
  });
  show(first);
  if (ACTIVE.has(known.status) && !isDone(known)) follow();
}

const state = document.getElementById("lab-state");
if (state) experiment(/** @type {Session} */ (JSON.parse(state.textContent ?? "{}")));
