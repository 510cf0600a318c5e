/** What somebody did to the music, or to who runs the room, as it is told to the others: nobody wonders who it was. Pure. */
import { may } from "../client/room.js";
import { clockTime } from "./format.js";
import { t } from "./words.js";

/** @typedef {import("../client/room.js").Room} Room */

/**
 * @param {{by: string | null, by_name: string, events: any[]}} commit @param {Room | null} before @param {Room} after
 * @param {string | undefined} you
 * @returns {string | null} null where there is nothing to tell, or only what one did oneself
 */
export function deedOf({ by, by_name: name, events }, before, after, you) {
  const hosting = events.find((event) => event.type === "host_changed");
  if (hosting) return hostWords(hosting, { name, host: nameOf(after, hosting.host), self: hosting.host === you });
  if (by === null || by === you || !before) return null;
  const role = events.find((event) => event.type === "role_changed" && event.user === you);
  if (role) return role.role === "cohost" ? t("{name} made you a co-host.", { name }) : t("You are no co-host any more.");
  const playing = events.find((event) => event.type === "playback_changed");
  return playing ? playWords(playing, { name, before, may: may(before, by, "skip") }) : null;
}

function hostWords({ reason }, { name, host, self }) {
  if (reason === "returned") return self ? null : t("{name} is back, and hosts again.", { name: host });
  if (reason === "lost") return self ? t("The host is out of reach. You stand in for them.") : t("The host is out of reach. {name} stands in.", { name: host });
  if (!self) return t("{name} hosts the room now.", { name: host });
  return reason === "handed_over" ? t("{name} handed the room over to you. You host it now.", { name }) : t("The host has left. You host the room now.");
}

/** Who may not skip only had the last of the votes that it took. */
function playWords({ cause, playback }, { name, before, may: skips }) {
  const title = before.queue.find((entry) => entry.id === before.playback.entry)?.track.title;
  if (cause === "pause") return t("{name} paused the music.", { name });
  if (cause === "play") return t("{name} started the music.", { name });
  if (cause === "seek") return t("{name} went to {time}.", { name, time: clockTime(playback.position) });
  if (cause !== "skipped" || !title) return null;
  return skips ? t("{name} skipped {title}.", { name, title }) : t("Skipped by votes: {title}.", { title });
}

/** @param {Room} room */
function nameOf(room, user) {
  return room.members.find(({ id }) => id === user)?.name ?? "";
}
