// Light, dark or high contrast. A cookie carries the choice, so that the server writes it into the page and nothing flashes.

/** @typedef {"light" | "dark" | "contrast"} Theme */

const YEAR = 365 * 24 * 3600;
const NEXT = /** @type {Record<Theme, Theme>} */ ({ light: "dark", dark: "contrast", contrast: "light" });

export const themes = {
  /** @returns {Theme} the one on the page, chosen here or by the system */
  current() {
    const chosen = document.documentElement.dataset.theme;
    if (chosen === "light" || chosen === "dark" || chosen === "contrast") return chosen;
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  },

  /** @returns {Theme} the one after it */
  next() {
    return NEXT[themes.current()];
  },
};

/**
 * Switches to a theme, and keeps it for the next page.
 *
 * @param {Theme} theme
 */
export function switchTheme(theme) {
  document.documentElement.dataset.theme = theme;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${theme}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
  document.dispatchEvent(new CustomEvent("themechange"));
}
