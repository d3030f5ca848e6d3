// Asking again and again, politely: not while nobody looks, and more slowly while the server does not answer.

import { systemClock } from "./clock.js";

const LONGEST_PAUSE_MS = 30_000;

/**
 * Repeats an errand until it says it is done.
 *
 * @param {() => Promise<boolean>} errand resolves with true when there is nothing more to ask
 * @param {object} [manner]
 * @param {number} [manner.every] milliseconds between calls
 * @param {boolean} [manner.soon] whether the first call is made at once
 * @param {(isTroubled: boolean) => void} [manner.onTrouble]
 * @param {import("./clock.js").Clock} [manner.clock]
 * @param {EventTarget & { readonly hidden: boolean }} [manner.visibility] whether somebody looks: a document
 * @returns {() => void} stops it
 */
export function poll(errand, { every = 2000, soon = false, onTrouble = () => {}, clock = systemClock, visibility = document } = {}) {
  let pause = every;
  let isStopped = false;
  let isAsking = false;
  /** @type {any} */
  let timer;

  function stop() {
    isStopped = true;
    clock.stop(timer);
    visibility.removeEventListener("visibilitychange", wake);
  }

  function wake() {
    if (visibility.hidden || isStopped || isAsking) return;
    clock.stop(timer);
    timer = clock.start(turn, 0);
  }

  async function turn() {
    if (visibility.hidden || isStopped) return; // `wake` goes on when somebody looks again
    isAsking = true;
    try {
      if (await errand()) return stop();
      if (pause !== every) onTrouble(false);
      pause = every;
    } catch {
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      onTrouble(true);
    } finally {
      isAsking = false;
    }
    if (!isStopped) timer = clock.start(turn, pause);
  }

  visibility.addEventListener("visibilitychange", wake);
  timer = clock.start(turn, soon ? 0 : every);
  return stop;
}
