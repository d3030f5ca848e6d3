// A job under way (generation, a run): its bar and its line, fetched every two seconds until it is over.

import { announce } from "../lib/announce.js";
import { call } from "../lib/api.js";
import { all, one } from "../lib/dom.js";
import { count, duration, fixed, percent } from "../lib/format.js";
import { poll } from "../lib/poll.js";
import { isActive, showWait, statusLabel } from "../lib/job_status.js";
import { gettext, interpolate } from "../lib/translation.js";

/**
 * @typedef {object} Job the reply of GET generation/{id}/ and GET runs/{id}/
 * @property {string} status
 * @property {number} done
 * @property {number} total
 * @property {string} error
 * @property {import("../lib/job_status.js").Wait | null} [waits_for]
 * @property {number | null} [rate] completions a second
 * @property {number | null} [remaining_seconds]
 * @property {number} [tokens_written]
 * @property {number} [failed]
 * @property {number} [dropped]
 * @property {Latest} [latest] newest progress line of the engine
 * @property {string} [log_tail] the end of a run's log
 * @property {any[]} [metrics] what is new of a run's curve
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
  reading_train: gettext("reading the pairs to learn from: %(done)s of %(total)s"),
  reading_test: gettext("reading the held-out pairs: %(done)s of %(total)s"),
  reference: gettext("scoring every pair with the reference: %(done)s of %(total)s"),
  held_out: gettext("scoring the held-out pairs: %(done)s of %(total)s"),
  probes: gettext("answering held-out prompts: %(done)s of %(total)s"),
  final_train: gettext("scoring every pair again: %(done)s of %(total)s"),
  final_test: gettext("scoring the held-out pairs again: %(done)s of %(total)s"),
};

/** @type {Record<string, string>} */
const RUN_ENDED = { finished: gettext("Run finished."), failed: gettext("Run failed."), cancelled: gettext("Run cancelled.") };
/** @type {Record<string, string>} */
const WRITING_ENDED = { finished: gettext("Generation finished."), failed: gettext("Generation failed."), cancelled: gettext("Generation cancelled.") };

/**
 * Follows an active job to its end.
 *
 * @param {HTMLElement} element with data-job (generation, run) and data-id
 * @param {string} api where the API starts, with the slash
 * @param {(job: Job) => void} onReply after every reply
 * @param {(job: Job) => void} onEnd once it is over
 */
export function followJob(element, api, onReply, onEnd) {
  const isRun = element.dataset.job === "run";
  const url = `${api}${isRun ? "runs" : "generation"}/${element.dataset.id}/`;
  const bar = element.querySelector("[data-job-bar]");
  let done = bar instanceof HTMLProgressElement ? bar.value : 0;
  poll(
    async () => {
      if (!element.isConnected) return true; // a newer state of the page has replaced it
      // The last step is fetched again: its measurements may have come after its own line.
      const job = /** @type {Job} */ (await call("GET", isRun && done > 1 ? `${url}?after=${done - 1}` : url));
      done = job.done;
      show(element, job, isRun);
      onReply(job);
      if (isActive(job.status)) return false;
      announce((isRun ? RUN_ENDED : WRITING_ENDED)[job.status] ?? statusLabel(job.status));
      onEnd(job);
      return true;
    },
    { soon: true, onTrouble: (isTroubled) => element.toggleAttribute("data-stale", isTroubled) },
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
  chip.textContent = statusLabel(job.status);
  if (isRun) showInLists(element.dataset.id ?? "", chip);
  const bar = element.querySelector("[data-job-bar]");
  if (bar instanceof HTMLProgressElement && job.total) {
    bar.max = job.total;
    bar.value = job.done;
  }
  const line = element.querySelector("[data-job-line]");
  if (line) line.textContent = (isRun ? runLine(job) : generationLine(job)).join(" · ");
  showWait(element, job.waits_for ?? null);
}

/**
 * The same state wherever else the page lists the run.
 * @param {string} id
 * @param {HTMLElement} chip
 */
function showInLists(id, chip) {
  for (const other of all(`[data-run-status="${id}"]`, HTMLElement)) {
    other.dataset.state = chip.dataset.state;
    other.textContent = chip.textContent;
  }
}

/**
 * @param {Job} job
 * @returns {string[]}
 */
function generationLine(job) {
  const parts = [interpolate(gettext("%(done)s of %(total)s completions"), { done: count(job.done), total: count(job.total) })];
  if (job.rate) parts.push(interpolate(gettext("%(rate)s per second"), { rate: fixed(job.rate, 1) }));
  if (job.remaining_seconds) parts.push(interpolate(gettext("%(time)s left"), { time: duration(job.remaining_seconds) }));
  if (job.tokens_written) parts.push(interpolate(gettext("%(tokens)s tokens"), { tokens: count(job.tokens_written) }));
  if (job.dropped) parts.push(interpolate(gettext("%(count)s pairs left out: near-duplicates, or empty"), { count: count(job.dropped) }));
  if (job.failed) parts.push(interpolate(gettext("%(count)s failed"), { count: count(job.failed) }));
  return parts;
}

/**
 * @param {Job} job
 * @returns {string[]}
 */
function runLine(job) {
  if (job.status === "queued" && !job.done) return [];
  const latest = job.latest ?? {};
  const phase =
    latest.what && latest.of
      ? [interpolate(SCORING[latest.what] ?? `${latest.what}: %(done)s / %(total)s`, { done: count(latest.pairs ?? 0), total: count(latest.of) })]
      : [];
  if (!job.total) return phase.length ? phase : [gettext("Preparing")];
  const parts = [interpolate(gettext("%(done)s of %(total)s steps"), { done: count(job.done), total: count(job.total) })];
  parts.push(...phase);
  if (latest.loss !== undefined) parts.push(interpolate(gettext("loss %(loss)s"), { loss: fixed(latest.loss) }));
  if (latest.reward_accuracy !== undefined) parts.push(interpolate(gettext("accuracy %(accuracy)s in the batch"), { accuracy: percent(latest.reward_accuracy) }));
  if (latest.remaining_seconds) parts.push(interpolate(gettext("%(time)s left"), { time: duration(latest.remaining_seconds) }));
  else if (latest.remaining_seconds === 0) parts.push(gettext("longer than estimated"));
  return parts;
}
