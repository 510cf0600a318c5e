/** Getting a voice ready to start at an instant, and waiting for that instant to the millisecond. */
/** Milliseconds before an instant at which sleeping ends and watching the clock begins: timers come late. */
export const WATCH_MS = 6;
/** Beyond the time that play() itself takes, what a late joiner allows for the jump. Doubled when that was too short. */
const AHEAD_MS = 90;
const AHEAD_MAX_MS = 3_000;

/**
 * Puts the voice where the line will be at an instant that can still be met.
 * @param {{voice: import("./voice.js").Voice, playback: import("../client/room.js").Playback, now: () => number,
 *   latency: number, trim: number, overtaken: () => boolean}} parts
 * @returns {Promise<{at: number, position: number} | "over" | "overtaken">}
 */
export async function cue({ voice, playback, now, latency, trim, overtaken }) {
  for (let ahead = latency + AHEAD_MS; ; ahead = Math.min(AHEAD_MAX_MS, ahead * 2)) {
    // What is heard late begins so much earlier, from the same place: nothing of the beginning is left out.
    const start = Math.max(playback.as_of - trim / playback.rate, now() + ahead);
    const position = Math.max(0, playback.position + playback.rate * (start - playback.as_of) + trim);
    if (voice.duration !== null && position >= voice.duration) return "over";
    voice.jump(position);
    await voice.ready();
    if (overtaken()) return "overtaken";
    const at = start - latency;
    // A device too slow for the longest allowance starts late; the law then brings it in.
    if (now() < at - WATCH_MS || ahead === AHEAD_MAX_MS) return { at, position };
  }
}

/** The last milliseconds: a timer would miss them. */
export function watchUntil(instant, now) {
  while (now() < instant);
}
