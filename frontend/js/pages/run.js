// One run: its bar, its curves and its table, growing while it is active.

import { Chart } from "../components/chart.js";
import { followJob } from "../components/job.js";
import { call } from "../lib/api.js";
import { make, maybe, one } from "../lib/dom.js";
import { fixed, percent } from "../lib/format.js";
import { refreshParts } from "../lib/live_parts.js";
import { gettext } from "../lib/translation.js";

/**
 * @typedef {object} Metric one line of the run's metrics
 * @property {string} event "progress" (the batch) or "evaluated" (held-out pairs)
 * @property {number} step
 * @property {number} loss
 * @property {number} [loss_floor] the lowest loss that the labels allow
 * @property {number} [hard_loss] the loss if the labels were certain
 * @property {number} reward_accuracy
 * @property {number} margin
 * @property {number} chosen_logratio
 * @property {number} rejected_logratio
 * @property {number} [kl] where the run answers prompts by itself
 * @property {number} [grad_norm] of a step
 */
/** @typedef {"loss" | "loss_floor" | "hard_loss" | "reward_accuracy" | "margin" | "chosen_logratio" | "rejected_logratio" | "kl" | "grad_norm"} Figure */

const SAME = 1e-6; // a smaller difference of two floors cannot be seen

const page = one("#main", HTMLElement);
const metricsUrl = `${page.dataset.api ?? "/api/v1/"}runs/${page.dataset.run}/metrics/`;
const rows = one("[data-metrics] tbody", HTMLElement);

/** @type {Map<string, Metric>} by step and event, so that a line that comes twice is kept once */
const metrics = new Map();
let isWhole = false; // whether everything is here that was measured before the page was opened

/** @type {import("../components/chart_types.js").Curve[]} */
const BATCH_AND_HELD_OUT = [
  { label: gettext("The batch"), colour: "--series-1" },
  { label: gettext("Held-out pairs"), colour: "--series-2", style: "points" },
];
const startLoss = page.dataset.startLoss ? Number(page.dataset.startLoss) : undefined; // unknown for some losses
const charts = {
  loss: chart(
    "loss",
    [
      ...BATCH_AND_HELD_OUT,
      { label: gettext("Lowest the labels allow"), colour: "--series-1", style: "floor" },
      { label: gettext("Lowest for the held-out pairs"), colour: "--series-2", style: "floor" },
      { label: gettext("The batch, if its labels were certain"), colour: "--series-3", style: "dash" },
    ],
    startLoss === undefined ? {} : { level: startLoss, levelName: gettext("Without a preference") },
  ),
  accuracy: chart("accuracy", BATCH_AND_HELD_OUT, { level: 0.5, levelName: gettext("Chance"), percent: true }),
  margin: chart("margin", BATCH_AND_HELD_OUT, { level: 0 }),
  logratios: chart(
    "logratios",
    [
      { label: gettext("Chosen"), colour: "--series-3" },
      { label: gettext("Rejected"), colour: "--series-4", style: "dash" },
      { label: gettext("Chosen, held out"), colour: "--series-3", style: "points" },
      { label: gettext("Rejected, held out"), colour: "--series-4", style: "points" },
    ],
    { level: 0 },
  ),
  kl: chart("kl", [{ label: "KL", colour: "--series-2", style: "points" }], { level: 0, log: true }),
  norm: chart("norm", [{ label: gettext("Norm"), colour: "--series-1" }], { log: true }),
};
plan(Number(page.dataset.steps));

/**
 * @param {string} name
 * @param {import("../components/chart_types.js").Curve[]} curves
 * @param {import("../components/chart_types.js").Manner} manner
 */
function chart(name, curves, manner) {
  return new Chart(one(`[data-chart=${name}] .chart-canvas`, HTMLElement), curves, manner);
}

/** @param {number} steps that are planned; 0: not known yet */
function plan(steps) {
  for (const each of Object.values(charts)) each.plan(steps);
}

/** Fetches all that was measured, page by page. */
async function fetchMetrics() {
  let query = "?page_size=500";
  while (query) {
    const reply = await call("GET", `${metricsUrl}${query}`);
    add(reply.results);
    query = reply.next ? new URL(reply.next).search : "";
  }
  isWhole = true;
}

/** @param {any[]} lines */
function add(lines) {
  const received = lines.map((line) => /** @type {Metric} */ ({ event: line.event, step: line.step, ...(line.values ?? line) }));
  const fresh = received.filter((metric) => !metrics.has(`${metric.step} ${metric.event}`));
  for (const metric of fresh) metrics.set(`${metric.step} ${metric.event}`, metric);
  if (fresh.length) showMetrics();
}

function showMetrics() {
  const lines = [...metrics.values()].sort((first, second) => first.step - second.step || second.event.localeCompare(first.event));
  const steps = [...new Set(lines.map((metric) => metric.step))];
  /** @type {(event: string, figure: Figure) => (number | null)[]} */
  const column = (event, figure) => steps.map((step) => metrics.get(`${step} ${event}`)?.[figure] ?? null);
  /** @type {(figure: Figure) => (number | null)[][]} */
  const both = (figure) => [steps, column("progress", figure), column("evaluated", figure)];
  const floors = [column("progress", "loss_floor"), column("evaluated", "loss_floor")];
  charts.loss.show([...both("loss"), ...distinct(floors), column("progress", "hard_loss")]);
  charts.accuracy.show(both("reward_accuracy"));
  charts.margin.show(both("margin"));
  charts.logratios.show([
    steps,
    column("progress", "chosen_logratio"),
    column("progress", "rejected_logratio"),
    column("evaluated", "chosen_logratio"),
    column("evaluated", "rejected_logratio"),
  ]);
  charts.kl.show([steps, column("evaluated", "kl")]);
  charts.norm.show([steps, column("progress", "grad_norm")]);
  rows.replaceChildren(...lines.map(row));
}

/**
 * Two lines that are one line, drawn once.
 *
 * @param {(number | null)[][]} floors of the batches and of the held-out pairs
 */
function distinct([batch = [], heldOut = []]) {
  const values = [...batch, ...heldOut].filter((value) => value !== null);
  const isOne = batch.some((value) => value !== null) && Math.max(...values) - Math.min(...values) < SAME;
  return [batch, isOne ? heldOut.map(() => null) : heldOut];
}

/** @param {Metric} metric */
function row(metric) {
  const line = make("tr");
  const numbers = [fixed(metric.loss, 4), fixed(metric.loss_floor, 4), percent(metric.reward_accuracy), fixed(metric.margin, 4), fixed(metric.chosen_logratio), fixed(metric.rejected_logratio), fixed(metric.kl), fixed(metric.grad_norm)];
  line.append(
    make("td", { class: "number", text: metric.step }),
    make("td", { text: metric.event === "evaluated" ? gettext("held-out pairs") : gettext("the batch") }),
    ...numbers.map((text) => make("td", { class: "number", text })),
  );
  return line;
}

/** Fetches what it can; where the server does not answer, it is tried again with the job. */
async function update() {
  const trouble = maybe("[data-trouble]", HTMLElement);
  await fetchMetrics().then(
    () => trouble && (trouble.hidden = true),
    () => trouble && (trouble.hidden = false),
  );
}

/** @param {import("../components/job.js").Job} job */
function showReply(job) {
  if (job.log_tail) one("[data-log]", HTMLElement).textContent = job.log_tail;
  if (job.total) plan(job.total);
  add(job.metrics ?? []);
  if (!isWhole) void update();
}

void update();
const job = maybe("[data-job][data-active]", HTMLElement);
if (job) {
  followJob(job, page.dataset.api ?? "/api/v1/", showReply, () => {
    void update();
    void refreshParts().then((done) => done || location.reload());
  });
}
