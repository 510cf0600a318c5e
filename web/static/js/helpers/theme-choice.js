/** Light or dark: the system's choice until somebody makes their own. theme.js applies it before the first paint. */

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** @returns {string} "light", "dark", or "": as the device has it */
export function chosenTheme() {
  return document.documentElement.dataset.theme ?? "";
}

/** @param {string} theme as `chosenTheme` answers */
export function setTheme(theme) {
  if (theme) {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem("roomd.theme", theme);
  } else {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem("roomd.theme");
  }
}
