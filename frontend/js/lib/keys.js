// Keys of a page: which key does what, not while somebody types, holds a key down, or has a dialog open.

/**
 * Listens to the keyboard for as long as the page lives.
 *
 * @param {(event: KeyboardEvent) => (() => void) | null} find what a key does here, or null
 */
export function onKeys(find) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || event.isComposing || event.ctrlKey || event.metaKey) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const act = find(event);
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}
