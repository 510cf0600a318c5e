/** Who comes next, in the orders in which people take turns; and what each order means, in words. Pure. */
import { sections } from "./queue.js";
import { spokenTime } from "./format.js";
import { listed, t, tn } from "./words.js";

/** So many turns are told. */
const TOLD = 3;

/** What an order of the queue means. @param {string} mode */
export function modeWords(mode) {
  const modes = {
    host: t("Songs play in the order in which they stand; whoever may move songs moves them."),
    fifo: t("First come, first played: songs play in the order in which they were added."),
    fair: t("Everybody in turn: first one song of each person, then a second one of each, and so on."),
    votes: t("By votes: the arrow beside a song lifts it, and the song that most people want comes next."),
    dj: t("Those at the decks play in turn, one song each; only they may add songs."),
  };
  return modes[mode] ?? "";
}

/**
 * Whose songs come next, one name for each turn, as far as anybody wants to know; empty where nobody has turns.
 * @param {import("../client/room.js").Room} room @param {string | undefined} you @returns {string}
 */
export function turnWords(room, you) {
  if (room.queue_mode !== "fair" && room.queue_mode !== "dj") return "";
  const chosen = sections(room).coming.filter((entry) => !entry.why);
  const names = chosen.slice(0, TOLD).map((entry) => (entry.by === you ? t("you") : entry.by_name));
  if (names.length > 0) return t("Next in turn: {names}", { names: listed(names) });
  return room.queue_mode === "dj" ? decksWords(room, you) : t("Everybody has a turn. Add a song, and yours comes.");
}

/** Who stands at the decks. */
export function decksWords(room, you) {
  const names = (room.djs ?? []).map((id) => (id === you ? t("you") : room.members.find((each) => each.id === id)?.name)).filter(Boolean);
  return names.length > 0 ? t("At the decks: {names}", { names: listed(names) }) : t("Nobody is at the decks. Step up, and play.");
}

/** How much one person may have coming, each as a sentence. @param {import("../client/room.js").Room} room @returns {string[]} */
export function limitWords(room) {
  const said = [];
  if (room.tracks_each) said.push(tn("Everybody may have {n} song coming.", "Everybody may have {n} songs coming.", room.tracks_each));
  if (room.minutes_each) said.push(tn("Everybody may have {n} minute of music coming.", "Everybody may have {n} minutes of music coming.", room.minutes_each));
  if (room.no_repeat_minutes) said.push(tn("No song comes again within {n} minute.", "No song comes again within {n} minutes.", room.no_repeat_minutes));
  if (room.slow_mode_s) said.push(t("One chat message in {time}.", { time: spokenTime(room.slow_mode_s * 1_000) }));
  if (room.auto_approve) said.push(t("Requests are granted at once."));
  return said;
}
