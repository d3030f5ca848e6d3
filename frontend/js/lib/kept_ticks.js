// The ticked rows of a list that has several pages, kept in the tab.

const PREFIX = "ticks ";

export class KeptTicks {
  /**
   * @param {Storage} storage
   * @param {string} list the address of the list and its filter: another filter has its own ticks
   */
  constructor(storage, list) {
    this.storage = storage;
    this.key = PREFIX + list;
    /** @type {Set<string>} */
    this.values = new Set((storage.getItem(this.key) ?? "").split(" ").filter(Boolean));
  }

  /** @param {string} value */
  has(value) {
    return this.values.has(value);
  }

  /**
   * @param {string} value
   * @param {boolean} isTicked
   */
  set(value, isTicked) {
    if (isTicked) this.values.add(value);
    else this.values.delete(value);
    this.storage.setItem(this.key, [...this.values].join(" "));
  }

  /** @param {string[]} shown the rows of this page */
  besides(shown) {
    return [...this.values].filter((value) => !shown.includes(value));
  }

  clear() {
    this.values.clear();
    this.storage.removeItem(this.key);
  }

  /** @param {Storage} storage */
  static forgetAll(storage) {
    const keys = Array.from({ length: storage.length }, (_, number) => storage.key(number) ?? "");
    for (const key of keys) if (key.startsWith(PREFIX)) storage.removeItem(key);
  }
}
