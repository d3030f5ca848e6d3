// The surroundings of a page under a test's control: time, storage, visibility and server.

import { Refused, Unreachable } from "../../frontend/js/lib/api.js";

const NOON = Date.parse("2026-03-02T12:00:00Z");
const LEASE_MS = 30 * 60_000;

/** Lets everything run that waits for nothing but its turn. */
export async function settle() {
  for (let round = 0; round < 5; round += 1) await new Promise((done) => setImmediate(done));
}

/** A clock that stands still until a test moves it on. */
export class FakeClock {
  #now = NOON;
  #timers = [];

  now = () => this.#now;

  start = (act, milliseconds) => {
    const timer = { at: this.#now + milliseconds, act };
    this.#timers.push(timer);
    return timer;
  };

  stop = (timer) => {
    this.#timers = this.#timers.filter((each) => each !== timer);
  };

  /** @returns {number | undefined} milliseconds until the next timer */
  get nextIn() {
    const times = this.#timers.map((timer) => timer.at);
    return times.length ? Math.min(...times) - this.#now : undefined;
  }

  async advance(milliseconds) {
    const end = this.#now + milliseconds;
    await settle();
    for (let timer = this.#due(end); timer; timer = this.#due(end)) {
      this.stop(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.act();
      await settle();
    }
    this.#now = end;
  }

  #due(end) {
    return this.#timers.filter((timer) => timer.at <= end).sort((first, second) => first.at - second.at)[0];
  }
}

/** As localStorage; full: it refuses to store anything. */
export class FakeStorage {
  #entries = new Map();
  isFull = false;

  get length() {
    return this.#entries.size;
  }

  key(index) {
    return [...this.#entries.keys()][index] ?? null;
  }

  getItem(name) {
    return this.#entries.get(name) ?? null;
  }

  setItem(name, value) {
    if (this.isFull) throw new Error("QuotaExceededError");
    this.#entries.set(name, String(value));
  }

  removeItem(name) {
    this.#entries.delete(name);
  }
}

/** As document, as far as it says whether somebody looks. */
export class FakeVisibility extends EventTarget {
  hidden = false;

  change(hidden) {
    this.hidden = hidden;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

/** A campaign's judging as the API does it: pairs are held in order, judged once, and undone. */
export class FakeServer {
  isReachable = true;
  /** @type {Refused | null} what the next call is refused with */
  refusal = null;
  calls = [];
  judgments = [];

  constructor(clock, pairs = 6) {
    this.clock = clock;
    this.open = Array.from({ length: pairs }, (_, index) => index + 1);
  }

  call = async (method, url, body) => {
    this.calls.push(`${method} ${url}`);
    await null;
    if (!this.isReachable) throw new Unreachable("no network");
    if (this.refusal) {
      const refusal = this.refusal;
      this.refusal = null;
      throw refusal;
    }
    const id = Number(/assignments\/(\d+)/.exec(url)?.[1]);
    if (url.endsWith("/assignments/next/")) return this.#next(body);
    if (url.endsWith("/renew/")) return this.#lease(id);
    return method === "DELETE" ? this.#undo(id) : this.#judge(id, body);
  };

  /** A pair as the API writes it. */
  pair(id) {
    const text = { html: `<p>${id}</p>`, text: String(id), model: null };
    return { ...this.#lease(id), prompt: [], left: text, right: text };
  }

  #lease(id) {
    return { id, expires_at: new Date(this.clock.now() + LEASE_MS).toISOString(), guideline_version: 1 };
  }

  #held({ ahead = 0, have = [] }) {
    const ids = this.open.slice(0, ahead + 1);
    const fresh = ids.filter((id) => !have.includes(id)).map((id) => this.pair(id));
    return { held: ids.map((id) => this.#lease(id)), first: fresh[0] ?? null, following: fresh.slice(1), progress: this.#progress() };
  }

  #progress() {
    const judged = this.judgments.length;
    return { judged, judged_today: judged, comparisons: judged + this.open.length, settled: judged, notice: "" };
  }

  #next(body) {
    if (!this.open.length) return null;
    const { first, ...rest } = this.#held(body);
    return { assignment: first, ...rest };
  }

  #judge(id, body) {
    if (!this.judgments.some((judgment) => judgment.key === body.key)) {
      this.judgments.push({ id, choice: body.choice, strength: body.strength, key: body.key });
      this.open = this.open.filter((each) => each !== id);
    }
    const { first, ...rest } = this.#held(body);
    return { next: first, ...rest };
  }

  #undo(id) {
    this.judgments = this.judgments.filter((judgment) => judgment.id !== id);
    this.open = [id, ...this.open];
    return { assignment: this.pair(id), held: [this.#lease(id)], progress: this.#progress() };
  }
}

/** A refusal as the API makes it. */
export function refused(status, type = "/problems/conflict", detail = "No.") {
  return new Refused(status, type, detail);
}
