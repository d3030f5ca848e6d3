// What lets the annotator's page be loaded again without a network: the page without anybody's pairs, its scripts and
// styles, and the pairs that one person holds in it. A service worker (worker/offline.js) shows the page; this puts
// everything away, and takes it away. Where a browser has no service workers (plain HTTP elsewhere than on this machine)
// nothing is kept.

/** @typedef {import("./judging_types.js").Session} Session */

const PAGES = "annotate-pages";
const STATICS = "annotate-statics";
const WHOSE = "/campaigns/kept-by"; // among the pages: no page, the number of the person they are of
const FIRST_PAUSE_MS = 500;
const NOTE_MS = 250;
/** @type {Session} */
const NOTHING = { pairs: [], progress: null };

/** @returns {boolean} */
function canKeep() {
  return "serviceWorker" in navigator && "caches" in window;
}

/** Forgets all of it: nobody is signed in. Judgments that are still on their way are not part of it. */
export async function forgetAll() {
  if (!canKeep()) return;
  await caches.delete(PAGES);
  for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
}

export class Kept {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #noting;
  #isOver = false;
  /** @type {Promise<Cache> | null} looked up once: another look could empty what was put away meanwhile */
  #pages = null;

  /**
   * @param {string} worker address of the service worker
   * @param {string} owner whose pairs they are
   */
  constructor(worker, owner) {
    this.worker = worker;
    this.owner = owner;
    this.path = location.pathname;
    this.held = `${this.path}held`;
  }

  /** Keeps this page, once it has nothing better to do. */
  start() {
    if (!canKeep()) return;
    const begin = () => void this.#keep().catch(() => undefined); // full, or forbidden: it works as it did without
    if ("requestIdleCallback" in window) requestIdleCallback(begin, { timeout: 4 * FIRST_PAUSE_MS });
    else setTimeout(begin, FIRST_PAUSE_MS);
  }

  /** @param {() => Session} session what is held, and what is not delivered yet, asked for a little later */
  note(session) {
    if (!canKeep() || this.#isOver || this.#noting) return;
    this.#noting = setTimeout(() => {
      this.#noting = undefined;
      void this.#note(session()).catch(() => undefined);
    }, NOTE_MS);
  }

  /** @returns {Promise<Session>} what an earlier page held */
  async read() {
    try {
      const found = await (await this.#store()).match(this.held);
      return (await found?.json()) ?? NOTHING;
    } catch {
      return NOTHING;
    }
  }

  /** Forgets everything, and keeps nothing from now on: somebody was signed out. */
  async forget() {
    this.#isOver = true;
    clearTimeout(this.#noting);
    await forgetAll();
  }

  #store() {
    this.#pages ??= pagesOf(this.owner);
    return this.#pages;
  }

  async #keep() {
    await navigator.serviceWorker.register(this.worker, { scope: this.path });
    const pages = await this.#store();
    const page = await fetch(`${this.path}?kept`, { credentials: "same-origin" });
    if (!page.ok || page.redirected) return;
    await pages.put(this.path, page);
    await keepParts();
  }

  /** @param {Session} session */
  async #note(session) {
    const kept = new Response(JSON.stringify(session), { headers: { "Content-Type": "application/json" } });
    await (await this.#store()).put(this.held, kept);
  }
}

/**
 * @param {string} owner
 * @returns {Promise<Cache>} the kept pages of a person; what was somebody else's is gone
 */
async function pagesOf(owner) {
  const pages = await caches.open(PAGES);
  const whose = await (await pages.match(WHOSE))?.text();
  if (whose === owner) return pages;
  await caches.delete(PAGES);
  const fresh = await caches.open(PAGES);
  await fresh.put(WHOSE, new Response(owner));
  return fresh;
}

/** Keeps what this page was put together from, and nothing older. */
async function keepParts() {
  const statics = await caches.open(STATICS);
  const loaded = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType("resource"));
  const wanted = new Set(loaded.filter((one) => one.initiatorType !== "fetch" && one.name.startsWith(location.origin)).map((one) => one.name));
  for (const request of await statics.keys()) {
    if (!wanted.delete(request.url)) await statics.delete(request);
  }
  await statics.addAll(wanted);
}
