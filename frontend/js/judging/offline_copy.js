// Stores and removes the copy from which the annotator's page is loaded without a network: the page without anybody's
// pairs, its scripts and styles, and the pairs that one person holds. A service worker (worker/offline.js) shows the
// page. In a browser without service workers (plain HTTP from another machine) nothing is stored.

/** @typedef {import("./types.js").SessionState} SessionState */

const PAGES = "annotate-pages";
const STATICS = "annotate-statics";
const OWNER = "/campaigns/kept-by"; // stored among the pages: the id of the person they belong to
const FIRST_PAUSE_MS = 500;
const WRITE_DELAY_MS = 250;
/** @type {SessionState} */
const NOTHING = { pairs: [], progress: null };

/** @returns {boolean} */
function isSupported() {
  return "serviceWorker" in navigator && "caches" in window;
}

/** Forgets all of it: nobody is signed in. Pending judgments are not part of it. */
export async function forgetAll() {
  if (!isSupported()) return;
  await caches.delete(PAGES);
  for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
}

export class OfflineCopy {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #writing;
  #isOver = false;
  /** @type {Promise<Cache> | null} opened once: opening again could empty what was stored meanwhile */
  #pages = null;

  /**
   * @param {string} worker address of the service worker
   * @param {string} owner whose pairs they are
   */
  constructor(worker, owner) {
    this.worker = worker;
    this.owner = owner;
    this.path = location.pathname;
    this.statePath = `${this.path}held`;
  }

  /** Stores this page, once it has nothing better to do. */
  start() {
    if (!isSupported()) return;
    const begin = () => void this.#store().catch(() => undefined); // full, or forbidden: it works as it did without
    if ("requestIdleCallback" in window) requestIdleCallback(begin, { timeout: 4 * FIRST_PAUSE_MS });
    else setTimeout(begin, FIRST_PAUSE_MS);
  }

  /** @param {() => SessionState} stateNow what is held and what is pending, asked for a little later */
  save(stateNow) {
    if (!isSupported() || this.#isOver || this.#writing) return;
    this.#writing = setTimeout(() => {
      this.#writing = undefined;
      void this.#write(stateNow()).catch(() => undefined);
    }, WRITE_DELAY_MS);
  }

  /** @returns {Promise<SessionState>} what an earlier page held */
  async read() {
    try {
      const stored = await (await this.#openPages()).match(this.statePath);
      return (await stored?.json()) ?? NOTHING;
    } catch {
      return NOTHING;
    }
  }

  /** Forgets everything, and stores nothing from now on: somebody was signed out. */
  async forget() {
    this.#isOver = true;
    clearTimeout(this.#writing);
    await forgetAll();
  }

  #openPages() {
    this.#pages ??= pagesOf(this.owner);
    return this.#pages;
  }

  async #store() {
    await navigator.serviceWorker.register(this.worker, { scope: this.path });
    const pages = await this.#openPages();
    const page = await fetch(`${this.path}?kept`, { credentials: "same-origin" });
    if (!page.ok || page.redirected) return;
    await pages.put(this.path, page);
    await storeStatics();
  }

  /** @param {SessionState} state */
  async #write(state) {
    const stored = new Response(JSON.stringify(state), { headers: { "Content-Type": "application/json" } });
    await (await this.#openPages()).put(this.statePath, stored);
  }
}

/**
 * @param {string} owner
 * @returns {Promise<Cache>} the stored pages of a person; somebody else's are removed
 */
async function pagesOf(owner) {
  const pages = await caches.open(PAGES);
  const storedFor = await (await pages.match(OWNER))?.text();
  if (storedFor === owner) return pages;
  await caches.delete(PAGES);
  const fresh = await caches.open(PAGES);
  await fresh.put(OWNER, new Response(owner));
  return fresh;
}

/** Stores the files that this page was put together from, and nothing older. */
async function storeStatics() {
  const statics = await caches.open(STATICS);
  const loaded = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType("resource"));
  const own = loaded.filter((entry) => entry.initiatorType !== "fetch" && entry.name.startsWith(location.origin));
  const wanted = new Set(own.map((entry) => entry.name));
  for (const request of await statics.keys()) {
    if (!wanted.delete(request.url)) await statics.delete(request);
  }
  await statics.addAll(wanted);
}
