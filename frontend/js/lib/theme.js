// Light or dark. A cookie carries the choice, so that the server writes it into the page and nothing flashes.

/** @typedef {"light" | "dark"} Theme */

const YEAR = 365 * 24 * 3600;

export const themes = {
  /** @returns {Theme} what is shown now, whoever chose it */
  current() {
    const chosen = document.documentElement.dataset.theme;
    if (chosen === "light" || chosen === "dark") return chosen;
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  },

  /** @returns {Theme} the other one */
  next() {
    return themes.current() === "dark" ? "light" : "dark";
  },
};

/**
 * Shows a theme and keeps it for next time.
 *
 * @param {Theme} theme
 */
export function remember(theme) {
  document.documentElement.dataset.theme = theme;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${theme}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
  document.dispatchEvent(new CustomEvent("themechange"));
}
