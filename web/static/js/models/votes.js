/** Votes as one person sees them. Pure. */
import { t } from "./words.js";

/**
 * Whether this person votes to skip what plays, and how far the vote is; null where there is nothing to vote about.
 * @param {import("../client/room.js").Room} state @param {string | undefined} you
 * @returns {{mine: boolean, votes: number, needed: number, label: string} | null}
 */
export function skipVote({ playback, skip_votes: votes, skip_needed: needed }, you) {
  if (!playback.entry) return null;
  const mine = votes.includes(you);
  const far = { votes: votes.length, needed };
  const label = mine ? t("Take back your vote to skip ({votes} of {needed})", far) : t("Vote to skip ({votes} of {needed})", far);
  return { mine, ...far, label };
}

/** Whether this person wants an entry sooner, and how many do. @returns {{mine: boolean, count: number}} */
export function upVotes({ ups }, entry, you) {
  const voters = ups[entry] ?? [];
  return { mine: voters.includes(you), count: voters.length };
}
