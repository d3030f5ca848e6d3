// Tells the stylesheet how high the bar of choices is, so that nothing scrolls to a place under it.

/** @param {HTMLElement} bar */
export function keepRoomForBar(bar) {
  new ResizeObserver(() => document.documentElement.style.setProperty("--bar", `${bar.offsetHeight}px`)).observe(bar);
}
