/** How the library's things are said. */
import { locale, t, tn } from "../words.js";

const DAY_MS = 86_400_000;

/** @param {number} seconds */
export function duration(seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return tn("{n} minute", "{n} minutes", minutes);
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (rest === 0) return tn("{n} hour", "{n} hours", hours);
  return t("{hours} {minutes}", { hours: tn("{n} hour", "{n} hours", hours), minutes: tn("{n} minute", "{n} minutes", rest) });
}

export const songs = (n) => tn("{n} song", "{n} songs", n);

/** When something was heard: the time, and the day unless that is today. */
export function heardAt(iso, now = new Date()) {
  const at = new Date(iso);
  const today = at.toDateString() === now.toDateString();
  const near = now.getTime() - at.getTime() < 300 * DAY_MS;
  /** @type {Intl.DateTimeFormatOptions} */
  const day = today ? {} : near ? { day: "numeric", month: "short" } : { day: "numeric", month: "short", year: "numeric" };
  return new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", ...day }).format(at);
}

/** The year of a release, where one is known. */
export const yearOf = (date) => (/^\d{4}/.test(date ?? "") ? date.slice(0, 4) : "");
