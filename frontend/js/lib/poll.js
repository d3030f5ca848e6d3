// Asking again and again, politely: not while nobody looks, and more slowly while the server does not answer.

const MOST_MS = 30_000;

/**
 * Repeats an errand until it says it is done.
 *
 * @param {() => Promise<boolean>} errand resolves with true when there is nothing more to ask
 * @param {{ every?: number, soon?: boolean, onTrouble?: (troubled: boolean) => void }} [manner] `every`: milliseconds
 *   between calls; `soon`: the first call is made at once
 * @returns {() => void} stops it
 */
export function poll(errand, { every = 2000, soon = false, onTrouble = () => {} } = {}) {
  let pause = every;
  let stopped = false;
  let asking = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function stop() {
    stopped = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", wake);
  }

  function wake() {
    if (document.hidden || stopped || asking) return;
    clearTimeout(timer);
    timer = setTimeout(turn, 0);
  }

  async function turn() {
    if (document.hidden || stopped) return; // `wake` goes on when somebody looks again
    asking = true;
    try {
      if (await errand()) return stop();
      if (pause !== every) onTrouble(false);
      pause = every;
    } catch {
      pause = Math.min(pause * 2, MOST_MS);
      onTrouble(true);
    } finally {
      asking = false;
    }
    if (!stopped) timer = setTimeout(turn, pause);
  }

  document.addEventListener("visibilitychange", wake);
  timer = setTimeout(turn, soon ? 0 : every);
  return stop;
}
