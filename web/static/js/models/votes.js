/** Votes as one person sees them. Pure. */

/**
 * Whether this person votes to skip what plays, and how far the vote is; null where there is nothing to vote about.
 * @param {import("../client/room.js").Room} state @param {string | undefined} you
 * @returns {{mine: boolean, votes: number, needed: number, label: string} | null}
 */
export function skipVote({ playback, skip_votes: votes, skip_needed: needed }, you) {
  if (!playback.entry) return null;
  const mine = votes.includes(you);
  const far = `${votes.length} of ${needed}`;
  return { mine, votes: votes.length, needed, label: mine ? `Take back your vote to skip (${far})` : `Vote to skip (${far})` };
}

/** Whether this person wants an entry sooner, and how many do. @returns {{mine: boolean, count: number}} */
export function upVotes({ ups }, entry, you) {
  const voters = ups[entry] ?? [];
  return { mine: voters.includes(you), count: voters.length };
}
