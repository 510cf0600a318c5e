/**
 * What a jump costs: a player told to go to a place is heard from there only after a while, so it is sent ahead by the
 * lead, which is learned from where jumps landed. Jumps that do not help become rarer, for some media cannot be jumped in.
 */

/** How much of a miss is learned. Larger misses are something else. */
const LEARNED = 0.7;
const MISS_MAX_MS = 2_000;
const LEAD_MAX_MS = 3_000;
/** Each jump that was needed again about as soon as it was allowed doubles the pause to the next, up to this. */
const PAUSE_MAX_MS = 60_000;
const SOON = 1.5;

/** @param {number} lead @param {number} miss how far behind the line the jump landed */
export function learnedLead(lead, miss) {
  return Math.abs(miss) > MISS_MAX_MS ? lead : Math.max(0, Math.min(LEAD_MAX_MS, lead + LEARNED * miss));
}

/** Whether the next jump may come. @param {{seekAt: number, futile: number}} law */
export function mayJump(law, now, everyMs) {
  return now - law.seekAt >= pause(law, everyMs);
}

/** A jump now, and how many in a row did not help. @param {{seekAt: number, futile: number}} law */
export function jumpedAt(law, now, everyMs) {
  const soon = now - law.seekAt < SOON * pause(law, everyMs);
  return { seekAt: now, futile: soon ? law.futile + 1 : 0 };
}

function pause({ futile }, everyMs) {
  return Math.min(PAUSE_MAX_MS, everyMs * 2 ** futile);
}
