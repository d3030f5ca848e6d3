// The service worker of the annotator's page: loaded again without a network, it is the page that was kept.
//
// Whatever the server can answer, the server answers. Nothing is put away here: the page does that (js/lib/kept.js, which
// names both stores), and everything of a person's is gone when they sign out.

const scope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const PAGES = "annotate-pages";
const STATICS = "annotate-statics";
const KINDS = new Set(["script", "style", "font", "image"]);
const DOWN = new Set([502, 503, 504]); // a proxy answers, and nobody behind it

scope.addEventListener("install", () => void scope.skipWaiting());
scope.addEventListener("activate", (event) => event.waitUntil(start()));

scope.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  if (event.request.mode === "navigate") event.respondWith(page(event));
  else if (KINDS.has(event.request.destination)) event.respondWith(part(event.request));
});

async function start() {
  // The page is asked for while this worker starts, so that nobody waits for it.
  await scope.registration.navigationPreload?.enable();
  await scope.clients.claim();
}

/** @param {FetchEvent} event */
async function page(event) {
  const { pathname } = new URL(event.request.url);
  const pages = await caches.open(PAGES);
  const answer = await asked(event);
  if (!answer || DOWN.has(answer.status)) {
    return (await pages.match(pathname, { ignoreVary: true })) ?? answer ?? Response.error();
  }
  // Signed out, or no member any more: what was kept is not theirs to see.
  if (answer.type === "opaqueredirect" || answer.status === 403 || answer.status === 404) await pages.delete(pathname);
  return answer;
}

/**
 * @param {FetchEvent} event
 * @returns {Promise<Response | null>} null: no network
 */
async function asked(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return null;
  }
}

/** @param {Request} request for a script, a style, a font or an image */
async function part(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(request, { cacheName: STATICS, ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}
