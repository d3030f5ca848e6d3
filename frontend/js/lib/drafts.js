// Drafts of submitted forms, in the tab's storage, until a page shows that the server has answered.
//
// A submitted draft is "sent". An ordinary page after it forgets it; a page that says the form got lost (signed out,
// refused, broken) makes it "lost", and the form's page takes it back.

/**
 * @typedef {[name: string, value: string | boolean]} Field a box or radio is ticked or not; anything else has a text
 * @typedef {{ state: "sent" | "lost", user: string, page: string, fields: Field[] }} Draft
 * @typedef {Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">} Store
 */

const PREFIX = "draft:";

export class Drafts {
  /** @param {Store} storage the tab's: it ends with the tab */
  constructor(storage) {
    this.storage = storage;
  }

  /**
   * Keeps what is being submitted.
   *
   * @param {string} form
   * @param {Omit<Draft, "state">} draft
   */
  keep(form, draft) {
    this.#write(PREFIX + form, { ...draft, state: "sent" });
  }

  /** The server did not take what was sent. */
  lose() {
    for (const [name, draft] of this.#all()) this.#write(name, { ...draft, state: "lost" });
  }

  /** The server has answered what was sent. */
  forgetSent() {
    for (const [name, draft] of this.#all()) if (draft.state === "sent") this.storage.removeItem(name);
  }

  /** Nobody is to find what was typed: the person signs out. */
  forgetAll() {
    for (const [name] of this.#all()) this.storage.removeItem(name);
  }

  /** @returns {string} the address of the page whose form got lost last; empty if none did */
  get lostPage() {
    return this.#all().filter(([, draft]) => draft.state === "lost").at(-1)?.[1].page ?? "";
  }

  /**
   * Takes a lost draft back.
   *
   * @param {string} form
   * @param {string} user who reads the page: another person's draft is forgotten
   * @returns {Field[] | null} null where nothing got lost
   */
  take(form, user) {
    const [found] = this.#all().filter(([name, draft]) => name === PREFIX + form && draft.state === "lost");
    if (!found) return null;
    this.storage.removeItem(found[0]);
    return found[1].user === user ? found[1].fields : null;
  }

  /** @returns {[string, Draft][]} */
  #all() {
    try {
      const names = Array.from({ length: this.storage.length }, (_, index) => this.storage.key(index) ?? "");
      return names
        .filter((name) => name.startsWith(PREFIX))
        .map((name) => [name, /** @type {Draft} */ (JSON.parse(this.storage.getItem(name) ?? "null"))]);
    } catch {
      return [];
    }
  }

  /**
   * @param {string} name
   * @param {Draft} draft
   */
  #write(name, draft) {
    try {
      this.storage.setItem(name, JSON.stringify(draft));
    } catch {
      // The browser keeps nothing, or has no room: the form is sent all the same.
    }
  }
}
