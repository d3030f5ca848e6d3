// Calls of the REST API with the browser's session.

import { gettext, interpolate } from "./translation.js";

/** The server refused a call, and said why (RFC 9457 problem details). */
export class Refused extends Error {
  /**
   * @param {number} status HTTP status
   * @param {string} type stable slug of the problem
   * @param {string} detail a sentence for people
   */
  constructor(status, type, detail) {
    super(detail);
    this.name = "Refused";
    this.status = status;
    this.type = type;
  }

  /**
   * The step that the reader must take before the same call goes through: the refusal is about them or their page.
   * Empty: it is about the call.
   *
   * @returns {"" | "signed-out" | "second-factor" | "own-password" | "stale-page"}
   */
  get waitsFor() {
    if (this.status === 401) return "signed-out";
    if (this.status !== 403) return "";
    if (this.type.includes("authenticat")) return "signed-out";
    if (this.type.endsWith("/second-factor-required")) return "second-factor";
    if (this.type.endsWith("/password-change-required")) return "own-password";
    // The CSRF check, or something before the server that sends no problem details, such as a proxy.
    return this.type.endsWith("/permission-denied") || !this.type ? "stale-page" : "";
  }
}

/** The server could not be reached, or could not answer: the same call may go through later. */
export class Unreachable extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "Unreachable";
  }
}

const TIMEOUT_MS = 20_000;
const RETRY_LATER = new Set([408, 425, 429, 500, 502, 503, 504]);

/** @returns {string} the token that proves a call comes from our own page */
function csrfToken() {
  const cookie = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  if (cookie) return decodeURIComponent(cookie.slice("csrftoken=".length));
  const field = document.querySelector("input[name=csrfmiddlewaretoken]");
  return field instanceof HTMLInputElement ? field.value : "";
}

/**
 * One call. Resolves with the reply's JSON (null: no content).
 *
 * @param {"GET" | "POST" | "DELETE"} method
 * @param {string} url
 * @param {object} [body]
 * @param {number} [timeout] milliseconds
 * @returns {Promise<any>}
 * @throws {Refused} the server said no
 * @throws {Unreachable} no reply
 */
export async function call(method, url, body, timeout = TIMEOUT_MS) {
  const response = await send(method, url, body, timeout);
  if (RETRY_LATER.has(response.status)) throw new Unreachable(interpolate(gettext("The server answered %(status)s."), { status: response.status }));
  if (response.status === 204) return null;
  const data = await response.json().catch(() => null);
  if (response.ok) return data;
  throw new Refused(response.status, String(data?.type ?? ""), String(data?.detail ?? interpolate(gettext("The server answered %(status)s."), { status: response.status })));
}

/**
 * @param {string} method
 * @param {string} url
 * @param {object | undefined} body
 * @param {number} timeout
 * @returns {Promise<Response>}
 */
async function send(method, url, body, timeout) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (body) headers["Content-Type"] = "application/json";
  try {
    return await fetch(url, {
      method,
      headers,
      body: body ? JSON.stringify(body) : undefined,
      credentials: "same-origin",
      signal: AbortSignal.timeout(timeout),
    });
  } catch (error) {
    throw new Unreachable(error instanceof Error ? error.message : String(error));
  }
}
