/** Roles and rights in words. Pure. */
import { listed, t } from "./words.js";

/** The rights worth naming, in the order of what people ask about, each with a word for it. */
const RIGHTS = {
  add: t("add songs"),
  request: t("ask for songs"),
  vote: t("vote"),
  chat: t("chat"),
  play: t("play and pause"),
  seek: t("move within a song"),
  skip: t("skip"),
  reorder: t("change the order"),
  remove: t("remove songs"),
  approve: t("answer requests and the door"),
  moderate: t("mute, send away and ban"),
  settings: t("change the room"),
  roles: t("give roles and rights"),
  close: t("close the room"),
};

/** What a right allows, as `add songs`; "" for one that has no word. @param {string} right */
export const rightWords = (right) => RIGHTS[right] ?? "";

export const ROLES = { host: t("Host"), cohost: t("Co-host"), member: t("Guest") };

/** What a role is. */
const WHAT = {
  host: t("Whose room it is. When the host is out of reach, somebody stands in until they are back."),
  cohost: t("Made by the host, to help."),
  member: t("Everybody else."),
};

/**
 * Each role with what it is and what it may do, the host first.
 * @param {Record<string, string[]>} rights @returns {{role: string, name: string, what: string, may: string}[]}
 */
export function rolesInWords(rights) {
  return Object.keys(ROLES).map((role) => {
    const all = new Set(rights[role] ?? []);
    // Whoever may add need not ask.
    if (all.has("add")) all.delete("request");
    const named = Object.keys(RIGHTS).filter((right) => all.has(right)).map((right) => RIGHTS[right]);
    const may = role === "host" ? t("May do everything.") : named.length > 0 ? t("May {rights}.", { rights: listed(named) }) : t("May listen.");
    return { role, name: ROLES[role], what: WHAT[role], may };
  });
}
