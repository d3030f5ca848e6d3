// Which key does what on a page, and what somebody has changed about it. Kept in the browser.

/** @typedef {Record<string, string[]>} Bindings keys by action; a key is "ArrowLeft", "1", "t" or, with shift, "T" */

const SYMBOLS = /** @type {Record<string, string>} */ ({
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Backspace: "⌫",
  Enter: "↵",
  " ": "␣",
});
const NEVER = new Set(["Escape", "Tab", "Shift", "Control", "Alt", "Meta", "CapsLock", "Dead", "Process", "Unidentified"]);

export class KeyBindings {
  /**
   * @param {string} name under which the browser keeps what was changed
   * @param {Bindings} defaults
   */
  constructor(name, defaults) {
    this.name = `keys:${name}`;
    this.defaults = defaults;
    this.changed = kept(this.name);
  }

  /**
   * @param {string} action
   * @returns {string[]} its keys, the one to be shown first
   */
  of(action) {
    return this.changed[action] ?? this.defaults[action] ?? [];
  }

  /**
   * @param {KeyboardEvent} event
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
   * Gives an action another key, and takes it from whatever had it.
   *
   * @param {string} action
   * @param {string} key
   */
  change(action, key) {
    for (const other of Object.keys(this.defaults)) {
      if (this.of(other).includes(key)) this.changed[other] = this.of(other).filter((one) => one !== key);
    }
    this.changed[action] = [key];
    this.#keep();
  }

  /** Makes all keys what they were. */
  reset() {
    this.changed = {};
    this.#keep();
  }

  #keep() {
    try {
      localStorage.setItem(this.name, JSON.stringify(this.changed));
    } catch {
      // They hold for as long as this page lives.
    }
  }
}

/**
 * @param {KeyboardEvent} event
 * @returns {string} digits and arrows by their place, so that shift and alt do not rename them; else what is written
 */
export function keyOf(event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  if (digit?.[1]) return digit[1];
  const letter = /^Key([A-Z])$/.exec(event.code);
  if (event.altKey && letter?.[1]) return letter[1].toLowerCase();
  return event.key;
}

/**
 * @param {KeyboardEvent} event
 * @returns {string | null} the key that an action could have; null: none
 */
export function bindable(event) {
  return event.ctrlKey || event.metaKey || event.altKey || NEVER.has(event.key) ? null : keyOf(event);
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

/**
 * @param {string} name
 * @returns {Bindings}
 */
function kept(name) {
  try {
    const read = JSON.parse(localStorage.getItem(name) ?? "{}");
    const sound = Object.entries(read).filter(([, keys]) => Array.isArray(keys) && keys.every((key) => typeof key === "string"));
    return Object.fromEntries(sound);
  } catch {
    return {};
  }
}
