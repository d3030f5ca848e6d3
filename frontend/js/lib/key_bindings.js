// Which key does what on a page, and what somebody has changed about it. Stored in the browser.

/** @typedef {Record<string, string[]>} Bindings keys by action; a key is "ArrowLeft", "1", "t" or, with shift, "T" */
/**
 * @typedef {object} KeyPress what of a keyboard event matters here
 * @property {string} key
 * @property {string} code
 * @property {boolean} altKey
 * @property {boolean} ctrlKey
 * @property {boolean} metaKey
 * @property {boolean} [shiftKey]
 * @property {(name: string) => boolean} [getModifierState]
 */

const SYMBOLS = /** @type {Record<string, string>} */ ({
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Backspace: "⌫",
});
// Enter and the space bar press the button that has the focus: no action of a page may take them away.
const NOT_BINDABLE = new Set([
  "Enter", " ", "Escape", "Tab", "Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "Dead", "Process", "Unidentified",
]);

export class KeyBindings {
  /**
   * @param {string} name under which the browser stores what was changed
   * @param {Bindings} defaults
   * @param {object} [options]
   * @param {string[]} [options.varied] actions that shift and alt may vary: they need their letter in both cases
   * @param {Storage} [options.storage]
   */
  constructor(name, defaults, { varied = [], storage = localStorage } = {}) {
    this.name = `keys:${name}`;
    this.defaults = defaults;
    this.varied = varied;
    this.storage = storage;
    this.changed = this.#read();
  }

  /**
   * @param {string} action
   * @returns {string[]} its keys; the first is written on its button
   */
  of(action) {
    return this.changed[action] ?? (this.defaults[action] ?? []).filter((key) => !this.#isClaimed(action, key));
  }

  /**
   * @param {KeyPress} event
   * @param {string[]} modified actions that shift and alt vary instead of making another key of it
   * @returns {string | null} the action
   */
  find(event, modified) {
    // The character first, then the digit's place: on a German keyboard "=" is typed with the 0.
    const keys = event.altKey ? [keyOf(event)] : [...new Set([characterOf(event), keyOf(event)])];
    for (const key of keys) {
      const action = Object.keys(this.defaults).find((each) => this.#isPressed(each, key, event, modified.includes(each)));
      if (action) return action;
    }
    return null;
  }

  /**
   * @param {string} action that is to get the key
   * @param {string} key
   * @returns {string[]} the actions that would lose a key to it
   */
  holders(action, key) {
    const others = Object.keys(this.defaults).filter((other) => other !== action);
    return others.filter((other) => this.of(other).some((held) => this.#collide(action, key, other, held)));
  }

  /**
   * Gives an action another first key; its other keys stay. The key is taken from the actions that had it.
   *
   * @param {string} action
   * @param {string} key
   */
  change(action, key) {
    const [first, ...rest] = this.of(action);
    const kept = first !== undefined && this.of(action).includes(key) ? [first, ...rest] : rest;
    // Those of other pages, too: actions of theirs may have been given the key.
    for (const other of new Set([...this.holders(action, key), ...Object.keys(this.changed)])) {
      const keys = this.changed[other] ?? this.of(other);
      this.changed[other] = keys.filter((held) => other === action || !this.#collide(action, key, other, held));
    }
    this.changed[action] = [key, ...kept.filter((each) => each !== key)];
    this.#write();
  }

  /** Restores all default keys. */
  reset() {
    this.changed = {};
    this.#write();
  }

  /**
   * @param {string} action
   * @param {string} key
   * @param {KeyPress} event
   * @param {boolean} isModified
   */
  #isPressed(action, key, event, isModified) {
    if (isModified) return this.of(action).includes(key.length === 1 ? key.toLowerCase() : key);
    if (event.altKey) return false;
    const isOtherCharacter = event.shiftKey && key !== characterOf(event); // shift and a digit
    return !isOtherCharacter && this.of(action).includes(key);
  }

  /**
   * @param {string} action
   * @param {string} key one of its default keys
   * @returns {boolean} whether the key was given to another action of this page
   */
  #isClaimed(action, key) {
    return Object.entries(this.changed).some(
      ([other, keys]) => other !== action && other in this.defaults && keys.some((held) => this.#collide(action, key, other, held)),
    );
  }

  /**
   * @param {string} action
   * @param {string} key
   * @param {string} other
   * @param {string} held a key of the other action
   */
  #collide(action, key, other, held) {
    const cases = this.#cases(other, held);
    return this.#cases(action, key).some((each) => cases.includes(each));
  }

  /**
   * @param {string} action
   * @param {string} key
   * @returns {string[]} the key as the action may be pressed
   */
  #cases(action, key) {
    return this.varied.includes(action) && key.length === 1 ? [key.toLowerCase(), key.toUpperCase()] : [key];
  }

  /** @returns {Bindings} nothing where it cannot be read or makes no sense */
  #read() {
    try {
      const stored = JSON.parse(this.storage.getItem(this.name) ?? "{}");
      const isSound = (/** @type {unknown} */ keys) =>
        Array.isArray(keys) && keys.every((key) => typeof key === "string" && !NOT_BINDABLE.has(key));
      return Object.fromEntries(Object.entries(stored).filter(([, keys]) => isSound(keys)));
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
  return characterOf(event);
}

/**
 * @param {KeyPress} event
 * @returns {string} what is typed; capital letters only with shift, whatever caps lock says
 */
function characterOf(event) {
  if (event.key.length > 1) return event.key;
  if (event.shiftKey) return event.key.toUpperCase();
  return event.getModifierState?.("CapsLock") ? event.key.toLowerCase() : event.key;
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
