// A job under way (writing candidates, a run): its bar and its line, asked for every two seconds until it is over.

import { announce } from "../lib/announce.js";
import { call } from "../lib/api.js";
import { one } from "../lib/dom.js";
import { count, duration, fixed, percent } from "../lib/format.js";
import { poll } from "../lib/poll.js";

/**
 * @typedef {object} Job what GET generation/{id}/ and GET runs/{id}/ answer
 * @property {string} status
 * @property {number} done
 * @property {number} total
 * @property {string} error
 * @property {number | null} [rate] completions a second
 * @property {number | null} [remaining_seconds]
 * @property {number} [tokens_written]
 * @property {number} [failed]
 * @property {number} [dropped]
 * @property {Latest} [latest] newest progress line of the engine
 * @property {string} [log_tail] the end of a run's log
 */

/**
 * @typedef {object} Latest of a step (loss and so on), or of a pass that only scores pairs (what, pairs, of)
 * @property {number} [loss]
 * @property {number} [reward_accuracy]
 * @property {number} [remaining_seconds]
 * @property {string} [what]
 * @property {number} [pairs]
 * @property {number} [of]
 */

/** @type {Record<string, string>} */
const SCORING = {
  reference: "first the reference scores every pair",
  held_out: "scoring the held-out pairs",
  final_train: "looking once more at every pair",
  final_test: "looking once more at the held-out pairs",
};

const ACTIVE = new Set(["queued", "running", "cancelling"]);
/** @type {Record<string, string>} */
const STATUS = {
  queued: "Queued",
  running: "Running",
  cancelling: "Cancelling",
  finished: "Finished",
  failed: "Failed",
  cancelled: "Cancelled",
};

/**
 * Follows an active job to its end.
 *
 * @param {HTMLElement} element with data-job (generation, run) and data-id
 * @param {string} api where the API starts, with the slash
 * @param {(job: Job) => void} onNews after every answer
 * @param {(job: Job) => void} onEnd once it is over
 */
export function followJob(element, api, onNews, onEnd) {
  const isRun = element.dataset.job === "run";
  const url = `${api}${isRun ? "runs" : "generation"}/${element.dataset.id}/`;
  poll(
    async () => {
      if (!element.isConnected) return true; // a newer state of the page has taken its place
      const job = /** @type {Job} */ (await call("GET", url));
      show(element, job, isRun);
      onNews(job);
      if (ACTIVE.has(job.status)) return false;
      announce(`${isRun ? "Run" : "Writing"} ${STATUS[job.status]?.toLowerCase() ?? job.status}.`);
      onEnd(job);
      return true;
    },
    { soon: true, onTrouble: (troubled) => element.toggleAttribute("data-stale", troubled) },
  );
}

/**
 * @param {HTMLElement} element
 * @param {Job} job
 * @param {boolean} isRun
 */
function show(element, job, isRun) {
  const chip = one("[data-job-status]", HTMLElement, element);
  chip.dataset.state = job.status;
  chip.textContent = STATUS[job.status] ?? job.status;
  const bar = element.querySelector("[data-job-bar]");
  if (bar instanceof HTMLProgressElement && job.total) {
    bar.max = job.total;
    bar.value = job.done;
  }
  const line = element.querySelector("[data-job-line]");
  if (line) line.textContent = (isRun ? runLine(job) : generationLine(job)).join(" · ");
}

/**
 * @param {Job} job
 * @returns {string[]}
 */
function generationLine(job) {
  const parts = [`${count(job.done)} of ${count(job.total)} completions`];
  if (job.rate) parts.push(`${job.rate.toFixed(1)} a second`);
  if (job.remaining_seconds) parts.push(`${duration(job.remaining_seconds)} left`);
  if (job.tokens_written) parts.push(`${count(job.tokens_written)} tokens`);
  if (job.dropped) parts.push(`${count(job.dropped)} pairs left out: nearly the same twice, or empty`);
  if (job.failed) parts.push(`${count(job.failed)} failed`);
  return parts;
}

/**
 * @param {Job} job
 * @returns {string[]}
 */
function runLine(job) {
  if (!job.total) return [job.status === "queued" ? "Waits for a worker" : "Preparing"];
  const parts = [`${count(job.done)} of ${count(job.total)} steps`];
  const latest = job.latest ?? {};
  if (latest.what && latest.of) {
    parts.push(`${SCORING[latest.what] ?? latest.what}: ${count(latest.pairs ?? 0)} of ${count(latest.of)}`);
  }
  if (latest.loss !== undefined) parts.push(`loss ${fixed(latest.loss)}`);
  if (latest.reward_accuracy !== undefined) parts.push(`accuracy ${percent(latest.reward_accuracy)} in the batch`);
  if (latest.remaining_seconds) parts.push(`${duration(latest.remaining_seconds)} left`);
  return parts;
}
