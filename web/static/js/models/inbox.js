/** What waits for somebody's word: people at the door, and requests; and what became of one's own. Pure. */
import { t } from "./words.js";

/** A decision is shown to whoever asked for so long. */
const TOLD_MS = 10 * 60_000;

/** @typedef {import("../client/room.js").Room} Room @typedef {import("../client/room.js").Request} Request */
/** @typedef {{key: string, kind: "knock" | "request", who: string, what: string, title: string, at: number, item: any}} Item */

/**
 * People at the door first, then requests, each in the order in which they came.
 * @param {Room} state @returns {Item[]}
 */
export function inbox(state) {
  const knocks = state.pending.map((item) => ({ ...item, key: `knock-${item.id}`, kind: "knock", who: item.name, what: t("wants to come in"), title: item.name, item }));
  const asked = state.requests
    .filter((item) => item.status === "pending")
    .map((item) => ({ key: item.id, kind: "request", who: item.by_name, what: wish(item), title: titleOf(item, state), at: item.at, item }));
  return /** @type {Item[]} */ ([...knocks.sort(byAge), ...asked.sort(byAge)]);
}

/**
 * What somebody asked for that is not decided, or was a moment ago, the latest first.
 * @param {Room} state @param {string | undefined} you @param {number} now room time, ms
 */
export function ownRequests(state, you, now) {
  return state.requests
    .filter((each) => each.by === you && (each.status === "pending" || (each.status !== "withdrawn" && now - (each.decided_at ?? 0) < TOLD_MS)))
    .map((each) => ({ key: each.id, title: titleOf(each, state), says: outcome(each), open: each.status === "pending", item: each }))
    .sort((a, b) => b.item.at - a.item.at);
}

/** What of a commit is news for whoever answers, and for whoever asked. @returns {string | null} */
export function newsOf(commit, before, after, you, answers) {
  const lines = [];
  for (const event of commit.events) {
    if (event.type === "knocked" && answers) lines.push(t("{name} wants to come in.", { name: event.knock.name }));
    if (event.type === "request_made" && answers && event.request.by !== you) lines.push(asking(event.request.by_name, event.request, titleOf(event.request, after)));
    if (event.type === "request_decided" && event.by !== you) {
      const own = before?.requests.find((each) => each.id === event.request && each.by === you);
      if (own && event.status !== "withdrawn") lines.push(`${titleOf(own, before)}: ${outcome({ ...own, ...event })}`);
    }
  }
  return lines.length > 0 ? lines.join(" ") : null;
}

function wish({ action }) {
  const wishes = { add: t("asks to add"), play_next: t("asks to play next"), remove: t("asks to remove"), move: t("asks to move") };
  return wishes[action];
}

function asking(name, { action }, title) {
  const sentences = {
    add: t("{name} asks to add: {title}", { name, title }),
    play_next: t("{name} asks to play next: {title}", { name, title }),
    remove: t("{name} asks to remove: {title}", { name, title }),
    move: t("{name} asks to move: {title}", { name, title }),
  };
  return sentences[action];
}

/** The title of what is asked for; of what is in the queue no more, that. */
function titleOf({ track, entry }, state) {
  return track?.title ?? state?.queue.find((each) => each.id === entry)?.track.title ?? t("a song that is gone");
}

function outcome({ status, reason }) {
  const said = { pending: t("waiting for the host"), approved: t("accepted"), rejected: t("not this time"), expired: t("nobody answered") };
  return reason ? `${said[status]}: ${reason}` : said[status];
}

function byAge(a, b) {
  return a.at - b.at;
}
