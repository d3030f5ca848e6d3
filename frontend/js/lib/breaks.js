// When a break is due: judgments get worse long before people notice.

const STRETCH_MS = 30 * 60_000;
const PAUSE_MS = 5 * 60_000;
const AGAIN_MS = 15 * 60_000;
const NAME = "stretch";

/** @typedef {{ start: number, last: number, told: number }} Stretch of work; times in milliseconds */

/**
 * Notes that something was judged now.
 *
 * @param {number} [now]
 * @returns {number | null} minutes without a break, when one should be suggested
 */
export function worked(now = Date.now()) {
  const stretch = kept();
  if (now - stretch.last > PAUSE_MS) Object.assign(stretch, { start: now, told: 0 });
  stretch.last = now;
  const due = now - stretch.start >= STRETCH_MS && now - stretch.told >= AGAIN_MS;
  if (due) stretch.told = now;
  keep(stretch);
  return due ? Math.round((now - stretch.start) / 60_000) : null;
}

/** @returns {Stretch} */
function kept() {
  try {
    return { start: 0, last: 0, told: 0, ...JSON.parse(sessionStorage.getItem(NAME) ?? "{}") };
  } catch {
    return { start: 0, last: 0, told: 0 };
  }
}

/** @param {Stretch} stretch */
function keep(stretch) {
  try {
    sessionStorage.setItem(NAME, JSON.stringify(stretch));
  } catch {
    // Without it a stretch is as long as the page lives, which is fine.
  }
}
