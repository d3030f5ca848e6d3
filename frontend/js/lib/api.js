// Calls of the REST API with the browser's session.

import { gettext, interpolate } from "./words.js";

/** What the server refused, in its own words (RFC 9457 problem details). */
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

  /** Whether the reader has to sign in again. */
  get signedOut() {
    return this.status === 401 || (this.status === 403 && this.type.includes("authenticat"));
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

const PATIENCE_MS = 20_000;
const AGAIN_LATER = new Set([408, 425, 429, 500, 502, 503, 504]);

/** @returns {string} the token that proves a call comes from our own page */
function csrfToken() {
  const cookie = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  if (cookie) return decodeURIComponent(cookie.slice("csrftoken=".length));
  const field = document.querySelector("input[name=csrfmiddlewaretoken]");
  return field instanceof HTMLInputElement ? field.value : "";
}

/**
 * One call. Resolves with the answer's JSON (null: no content).
 *
 * @param {"GET" | "POST" | "DELETE"} method
 * @param {string} url
 * @param {object} [body]
 * @param {number} [patience] milliseconds
 * @returns {Promise<any>}
 * @throws {Refused} the server said no
 * @throws {Unreachable} no answer
 */
export async function call(method, url, body, patience = PATIENCE_MS) {
  const answer = await send(method, url, body, patience);
  if (AGAIN_LATER.has(answer.status)) throw new Unreachable(interpolate(gettext("The server answered %(status)s."), { status: answer.status }));
  if (answer.status === 204) return null;
  const data = await answer.json().catch(() => null);
  if (answer.ok) return data;
  throw new Refused(answer.status, String(data?.type ?? ""), String(data?.detail ?? interpolate(gettext("The server answered %(status)s."), { status: answer.status })));
}

/**
 * @param {string} method
 * @param {string} url
 * @param {object | undefined} body
 * @param {number} patience
 * @returns {Promise<Response>}
 */
async function send(method, url, body, patience) {
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
      signal: AbortSignal.timeout(patience),
    });
  } catch (error) {
    throw new Unreachable(error instanceof Error ? error.message : String(error));
  }
}
