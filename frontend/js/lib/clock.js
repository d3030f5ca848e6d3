// The time and its timers, in one object that a test can replace.

/**
 * @typedef {object} Clock
 * @property {() => number} now milliseconds since 1970
 * @property {(act: () => void, milliseconds: number) => any} start a timer; returns what `stop` takes
 * @property {(timer: any) => void} stop nothing happens where the timer is over or was never started
 */

/** @type {Clock} */
export const systemClock = {
  now: () => Date.now(),
  start: (act, milliseconds) => setTimeout(act, milliseconds),
  stop: (timer) => clearTimeout(timer),
};
