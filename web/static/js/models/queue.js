/** Questions about the queue that the page asks, as functions of the room. */
import { may } from "../client/room.js";

/**
 * What was played, what plays, and what comes. Where a queue has played to its end nothing is current, and `as_of` is when
 * that was: what was in it by then was played. (A room that never played has none; and a bare line has no queue.)
 * @param {import("../client/room.js").Room} room
 */
export function sections(room) {
  const index = room.queue.findIndex((entry) => entry.id === room.playback.entry);
  if (index < 0) {
    const { as_of: ended = 0, playing, position } = room.playback;
    const over = (entry) => !playing && !position && ended > 0 && entry.added_at <= ended;
    return { played: room.queue.filter(over), current: null, coming: room.queue.filter((entry) => !over(entry)) };
  }
  return { played: room.queue.slice(0, index), current: room.queue[index], coming: room.queue.slice(index + 1) };
}

/** @returns {import("../client/room.js").Entry | null} */
export function currentEntry(room) {
  return sections(room).current;
}

/** What the player has to follow; null when nothing is chosen. @returns {import("./deck.js").Line | null} */
export function lineOf(room) {
  const entry = room && currentEntry(room);
  if (!entry) return null;
  const next = following(room);
  return { ...trackOf(entry), playback: room.playback, next: next && trackOf(next) };
}

/** What plays when the current entry has played to its end, by the rule of repeating; null when there is silence. */
export function following(room) {
  const { current, coming } = sections(room);
  if (room.repeat === "one") return current;
  return coming[0] ?? (room.repeat === "all" ? room.queue[0] : null);
}

/** @param {import("../client/room.js").Entry} entry */
function trackOf({ id, track: { url, kind, mime, source, duration_ms, gain_db } }) {
  return { entry: id, url, kind, mime, source, duration_ms, gain_db };
}

/** What a lock screen draws: seconds, from where the room is; undefined where there is no end to draw to. */
export function mediaPosition(track, rate, position) {
  if (!track?.duration_ms || position === null) return undefined;
  const within = Math.max(0, Math.min(position, track.duration_ms));
  return { duration: track.duration_ms / 1_000, position: within / 1_000, playbackRate: rate };
}

/** Everybody may take back what they added; the rest needs the right. */
export function mayRemove(room, user, entry) {
  return may(room, user, "remove") || (entry.by === user && may(room, user, "add"));
}

/** Whether this user's word on the length of a track is asked for. */
export function mayMeasure(room, user, entry) {
  return entry.track.duration_ms == null && (may(room, user, "skip") || (entry.by === user && may(room, user, "add")));
}

/**
 * The fields of `move` that bring an entry one place up (-1) or down (1) among what comes; null at the ends.
 * @returns {{entry: string, before?: string} | null}
 */
export function moveBy(room, id, by) {
  const { coming } = sections(room);
  const index = coming.findIndex((entry) => entry.id === id);
  const target = index + by;
  if (index < 0 || target < 0 || target >= coming.length) return null;
  // Downwards it goes before whatever follows its new neighbour.
  const before = coming[by > 0 ? target + 1 : target];
  return before ? { entry: id, before: before.id } : { entry: id };
}

/** The next way of repeating after this one. */
export function nextRepeat(repeat) {
  return { off: "all", all: "one", one: "off" }[repeat];
}
