// Keys of a page: not while somebody types, holds a key down, or has a dialog open.

/**
 * Listens to the keyboard for as long as the page lives.
 *
 * @param {(event: KeyboardEvent) => (() => void) | null} find what a key does here, or null
 * @param {EventTarget & ParentNode} [page]
 */
export function onKeys(find, page = document) {
  page.addEventListener("keydown", (event) => {
    const press = /** @type {KeyboardEvent} */ (event);
    if (press.defaultPrevented || press.repeat || press.isComposing || press.ctrlKey || press.metaKey) return;
    if (isTyping(press.target) || page.querySelector("dialog[open]")) return;
    const act = find(press);
    if (!act) return;
    press.preventDefault();
    act();
  });
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  const element = /** @type {HTMLElement | null} */ (target);
  return Boolean(element?.isContentEditable || element?.matches?.("input, textarea, select"));
}
