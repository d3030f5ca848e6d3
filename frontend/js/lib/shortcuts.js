// Keys of a page: not while somebody types or has a dialog open, and once per press.

// Nobody types in these. Radio buttons and checkboxes are chosen with the space bar, which no page takes.
const NOT_TYPED_IN = new Set(["radio", "checkbox", "button", "submit", "reset", "image", "file", "color"]);
const RANGE_KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);

/**
 * Listens to the keyboard for as long as the page lives.
 *
 * @param {(event: KeyboardEvent) => (() => void) | null} find what a key does here, or null
 * @param {EventTarget & ParentNode} [page]
 */
export function onKeys(find, page = document) {
  page.addEventListener("keydown", (event) => {
    const press = /** @type {KeyboardEvent} */ (event);
    if (press.defaultPrevented || press.isComposing || press.ctrlKey || press.metaKey) return;
    if (keepsKey(press.target, press.key) || page.querySelector("dialog[open]")) return;
    const act = find(press);
    if (!act) return;
    press.preventDefault(); // also while the key is held: an arrow would change the radio button that has the focus
    if (!press.repeat) act();
  });
}

/**
 * @param {EventTarget | null} target
 * @param {string} key
 * @returns {boolean} whether the element itself needs the key
 */
function keepsKey(target, key) {
  const element = /** @type {HTMLInputElement | null} */ (target);
  if (!element) return false;
  if (element.isContentEditable || element.localName === "textarea" || element.localName === "select") return true;
  if (element.localName !== "input" || NOT_TYPED_IN.has(element.type)) return false;
  return element.type !== "range" || RANGE_KEYS.has(key);
}
