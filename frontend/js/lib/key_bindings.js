// Which key does what on a page, and what somebody has changed about it. Stored in the browser.

/** @typedef {Record<string, string[]>} Bindings keys by action; a key is "ArrowLeft", "1", "t" or, with shift, "T" */
/**
 * @typedef {object} KeyPress what of a keyboard event matters here
 * @property {string} key
 * @property {string} code
 * @property {boolean} altKey
 * @property {boolean} ctrlKey
 * @property {boolean} metaKey
 */

const SYMBOLS = /** @type {Record<string, string>} */ ({
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Backspace: "⌫",
  Enter: "↵",
  " ": "␣",
});
const NOT_BINDABLE = new Set(["Escape", "Tab", "Shift", "Control", "Alt", "Meta", "CapsLock", "Dead", "Process", "Unidentified"]);

export class KeyBindings {
  /**
   * @param {string} name under which the browser stores what was changed
   * @param {Bindings} defaults
   * @param {Storage} [storage]
   */
  constructor(name, defaults, storage = localStorage) {
    this.name = `keys:${name}`;
    this.defaults = defaults;
    this.storage = storage;
    this.changed = this.#read();
  }

  /**
   * @param {string} action
   * @returns {string[]} its keys; the first is written on its button
   */
  of(action) {
    return this.changed[action] ?? this.defaults[action] ?? [];
  }

  /**
   * @param {KeyPress} event
   * @param {string[]} modified actions that shift and alt vary instead of making another key of it
   * @returns {string | null} the action
   */
  find(event, modified) {
    const key = keyOf(event);
    const bare = key.length === 1 ? key.toLowerCase() : key;
    for (const action of Object.keys(this.defaults)) {
      const wanted = modified.includes(action) ? bare : key;
      if ((!event.altKey || modified.includes(action)) && this.of(action).includes(wanted)) return action;
    }
    return null;
  }

  /**
   * Gives an action another key, and takes the key from the action that had it.
   *
   * @param {string} action
   * @param {string} key
   */
  change(action, key) {
    for (const other of Object.keys(this.defaults)) {
      if (this.of(other).includes(key)) this.changed[other] = this.of(other).filter((each) => each !== key);
    }
    this.changed[action] = [key];
    this.#write();
  }

  /** Restores all default keys. */
  reset() {
    this.changed = {};
    this.#write();
  }

  /** @returns {Bindings} nothing where it cannot be read or makes no sense */
  #read() {
    try {
      const stored = JSON.parse(this.storage.getItem(this.name) ?? "{}");
      const sound = Object.entries(stored).filter(([, keys]) => Array.isArray(keys) && keys.every((key) => typeof key === "string"));
      return Object.fromEntries(sound);
    } catch {
      return {};
    }
  }

  #write() {
    try {
      this.storage.setItem(this.name, JSON.stringify(this.changed));
    } catch {
      // They hold for as long as this page lives.
    }
  }
}

/**
 * @param {KeyPress} event
 * @returns {string} digits and arrows by their place, so that shift and alt do not rename them; else what is typed
 */
export function keyOf(event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  if (digit?.[1]) return digit[1];
  const letter = /^Key([A-Z])$/.exec(event.code);
  if (event.altKey && letter?.[1]) return letter[1].toLowerCase();
  return event.key;
}

/**
 * @param {KeyPress} event
 * @returns {string | null} the key that an action could have; null: none
 */
export function bindableKey(event) {
  return event.ctrlKey || event.metaKey || event.altKey || NOT_BINDABLE.has(event.key) ? null : keyOf(event);
}

/**
 * @param {string} key
 * @returns {string} as it is written on a button
 */
export function symbolOf(key) {
  if (SYMBOLS[key]) return SYMBOLS[key];
  if (key.length > 1) return key;
  return key === key.toUpperCase() && key !== key.toLowerCase() ? `⇧ ${key}` : key.toUpperCase();
}
