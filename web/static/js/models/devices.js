/** Sign-ins in words. */
import { locale, t } from "./words.js";

const dates = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

/** @param {{browser: string, system: string}} device what its browser said of itself; either may be empty */
export function deviceName({ browser, system }) {
  if (browser && system) return t("{browser} on {system}", { browser, system });
  return browser || system || t("Unknown device");
}

/** @param {string} time as the server has it (ISO 8601) */
export function when(time) {
  return dates.format(new Date(time));
}
