/** The room waits for players that are not ready: for whom, in words, and who was left behind. */
import { apply } from "../client/room.js";
import { listed as joined, t, tn } from "./words.js";

/** So many are named. */
const NAMED = 3;

/** Whom the room waits for now: whoever has gone, or does not listen, is not. @param {import("../client/room.js").Room} room */
export function missingNow(room) {
  const missing = new Set(room?.waiting?.missing);
  return room ? room.members.filter((each) => missing.has(each.id) && each.online && each.listens !== false) : [];
}

/** "Bob", "Bob and Carol", "Bob, Carol and 3 others". @param {string[]} names */
export function listed(names) {
  const over = names.length - NAMED;
  return joined(over > 0 ? [...names.slice(0, NAMED - 1), tn("{n} other", "{n} others", over + 1)] : names);
}

/** One wait among all: what its answer and its announcement are kept under. Null when nobody is waited for. */
export function waitOf(room) {
  return room?.waiting ? `${room.waiting.entry} ${room.waiting.since}` : null;
}

/** What the room waits for, as a sentence; oneself comes first and is "you". */
export function waitingWords(room, self) {
  const missing = missingNow(room);
  const others = missing.filter((each) => each.id !== self).map((each) => each.name);
  const me = others.length < missing.length;
  if (!missing.length) return t("About to start…");
  if (room.waiting.why === "buffering") {
    return me ? t("Your player ran dry. The room waits for it…") : t("{names} is buffering. The room waits…", { names: listed(others) });
  }
  if (me && !others.length) return t("Waiting for this device to load…");
  return t("Waiting for {names}…", { names: listed(me ? [t("you"), ...others] : others) });
}

/** How long at most, in words. */
export function boundWords({ since, until }) {
  const seconds = Math.max(1, Math.round((until - since) / 1_000));
  return tn("for {n} second at most", "for {n} seconds at most", seconds);
}

/** Who was waited for in vain, when this commit ended the wait. @returns {import("../client/room.js").Member[]} */
export function leftBehind(before, commit) {
  const start = commit.events.findIndex((event) => event.type === "playback_changed" && event.cause === "ready");
  return start < 0 || !before ? [] : missingNow(apply(before, { events: commit.events.slice(0, start) }));
}

/** @param {import("../client/room.js").Member[]} late @param {string} self */
export function leftBehindWords(late, self) {
  const others = late.filter((each) => each.id !== self).map((each) => each.name);
  if (others.length < late.length) return t("The music has started; this device joins as soon as it has loaded.");
  return t("Started without {names}.", { names: listed(others) });
}
