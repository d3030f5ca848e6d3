import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Refused, Unreachable, call } from "../../../frontend/js/lib/api.js";

/** @type {{ url: string, init: RequestInit }[]} */
let requests = [];

/** Lets `fetch` reply so, and the page have this cookie. */
function surroundings(reply, cookie = "csrftoken=a%3Db; theme=dark") {
  globalThis.document = { cookie, querySelector: () => null };
  globalThis.fetch = async (url, init) => {
    requests.push({ url, init });
    return reply();
  };
}

beforeEach(() => (requests = []));

test("a reply's JSON comes back; no content is null", async () => {
  surroundings(() => Response.json({ a: 1 }));
  assert.deepEqual(await call("GET", "/x/"), { a: 1 });
  surroundings(() => new Response(null, { status: 204 }));
  assert.equal(await call("POST", "/x/", { b: 2 }), null);
});

test("only calls that change something carry the token of the page; a body is JSON", async () => {
  surroundings(() => Response.json({}));
  await call("GET", "/x/");
  await call("POST", "/x/", { b: 2 });
  const [get, post] = requests.map((request) => request.init);
  assert.equal(get.headers["X-CSRFToken"], undefined);
  assert.equal(post.headers["X-CSRFToken"], "a=b");
  assert.equal(post.body, '{"b":2}');
  assert.equal(post.headers["Content-Type"], "application/json");
});

test("a refusal has the server's own sentence", async () => {
  surroundings(() => Response.json({ type: "/problems/paused", detail: "You are paused." }, { status: 403 }));
  await assert.rejects(call("POST", "/x/"), (error) => {
    assert.ok(error instanceof Refused);
    assert.deepEqual([error.status, error.type, error.message, error.waitsFor], [403, "/problems/paused", "You are paused.", ""]);
    return true;
  });
});

test("a refusal that is no JSON names its status", async () => {
  surroundings(() => new Response("<h1>Oh</h1>", { status: 404 }));
  await assert.rejects(call("GET", "/x/"), { name: "Refused", message: "The server answered 404." });
});

test("a refusal about the reader or the page says what has to be done first", () => {
  assert.equal(new Refused(401, "", "").waitsFor, "signed-out");
  assert.equal(new Refused(403, "/problems/not-authenticated", "").waitsFor, "signed-out");
  assert.equal(new Refused(404, "/problems/not-authenticated", "").waitsFor, "");
  assert.equal(new Refused(403, "/problems/second-factor-required", "").waitsFor, "second-factor");
  assert.equal(new Refused(403, "/problems/password-change-required", "").waitsFor, "own-password");
  assert.equal(new Refused(403, "/problems/permission-denied", "").waitsFor, "stale-page"); // no CSRF token
  assert.equal(new Refused(403, "", "").waitsFor, "stale-page"); // a proxy's page
  assert.equal(new Refused(403, "/problems/not-allowed", "").waitsFor, "");
});

test("no network and an overloaded server mean that the same call may go through later", async () => {
  for (const status of [408, 425, 429, 500, 502, 503, 504]) {
    surroundings(() => new Response("", { status }));
    await assert.rejects(call("GET", "/x/"), Unreachable);
  }
  surroundings(() => {
    throw new TypeError("Failed to fetch");
  });
  await assert.rejects(call("GET", "/x/"), { name: "Unreachable", message: "Failed to fetch" });
});
