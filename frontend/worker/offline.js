// The service worker of the annotator's page: without a network it serves the page that was stored.
//
// While the server answers, its responses are used. The page fills the stores (js/judging/offline_copy.js, which names
// them), and deletes everything that belongs to a person when they sign out.

const scope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const PAGES = "annotate-pages";
const STATICS = "annotate-statics";
const KINDS = new Set(["script", "style", "font", "image"]);
const DOWN = new Set([502, 503, 504]); // a proxy answers, and no server behind it

scope.addEventListener("install", () => void scope.skipWaiting());
scope.addEventListener("activate", (event) => event.waitUntil(start()));

scope.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  if (event.request.mode === "navigate") event.respondWith(page(event));
  else if (KINDS.has(event.request.destination)) event.respondWith(part(event.request));
});

async function start() {
  // The page is fetched while this worker starts, so that nobody waits for it.
  await scope.registration.navigationPreload?.enable();
  await scope.clients.claim();
}

/** @param {FetchEvent} event */
async function page(event) {
  const { pathname } = new URL(event.request.url);
  const pages = await caches.open(PAGES);
  const response = await fetched(event);
  if (!response || DOWN.has(response.status)) {
    return (await pages.match(pathname, { ignoreVary: true })) ?? response ?? Response.error();
  }
  // Signed out, or no longer a member: the stored page is not theirs to see.
  if (response.type === "opaqueredirect" || response.status === 403 || response.status === 404) await pages.delete(pathname);
  return response;
}

/**
 * @param {FetchEvent} event
 * @returns {Promise<Response | null>} null: no network
 */
async function fetched(event) {
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
    const stored = await caches.match(request, { cacheName: STATICS, ignoreVary: true });
    if (stored) return stored;
    throw error;
  }
}
