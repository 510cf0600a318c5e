/** What somebody has just done to the queue and can take back, in words. Pure. */
import { t, tn } from "./words.js";

/**
 * @param {{by: string, events: any[]}} commit @param {import("../client/room.js").Room | null} before @param {string | undefined} you
 * @returns {{act: string, says: string} | null} null where there is nothing of one's own to take back, or nothing worth saying
 */
export function undoable(commit, before, you) {
  const noted = commit.events.find((event) => event.type === "act_noted");
  if (commit.by !== you || !noted || !before) return null;
  const says = SAYS[noted.act.what]?.(commit, before);
  return says ? { act: noted.act.id, says } : null;
}

const SAYS = {
  removed: ({ events }, before) => {
    const gone = events.flatMap((event) => (event.type === "entries_removed" ? event.entries : []));
    return gone.length === 1 ? t("Removed {title}.", { title: titleOf(before, gone[0]) }) : tn("Removed {n} track.", "Removed {n} tracks.", gone.length);
  },
  ordered: ({ events }, before) => {
    const moved = events.flatMap((event) => (event.type === "entries_ranked" ? Object.keys(event.ranks) : []));
    return moved.length === 1 ? t("Moved {title}.", { title: titleOf(before, moved[0]) }) : t("The queue has another order.");
  },
  skipped: (_, before) => t("Skipped {title}.", { title: titleOf(before, before.playback.entry) }),
};

function titleOf(state, id) {
  return state.queue.find((entry) => entry.id === id)?.track.title ?? t("a track");
}
