/**
 * The law for decoded sound that was scheduled on the audio thread. Pure: it is told how far what is scheduled is behind
 * the line (`error`, ms; negative when ahead) and answers what to do.
 *
 * What was scheduled is known exactly, so an error is the drift of two clocks, a better estimate of one of them, or a
 * dropout. Small ones are taken back by playing half a second up to 0.5 % faster or slower, by a whole number of samples:
 * in between samples Chromium interpolates linearly, which dulls the highest notes, so it is not to stay there. Larger
 * ones would take seconds; there the sound goes on elsewhere, cross-faded.
 *
 * @typedef {{values: number[], gained: number, last: number, actedAt: number, jumpedAt: number}} Law
 * @typedef {{type: "hold"} | {type: "nudge", gain: number} | {type: "jump"}} Action `gain`: so many ms more than otherwise
 */

/** A nudge is spread over this. */
export const NUDGE_MS = 500;
/** Readings of which the median counts: one that came between two ticks of a coarse clock is left out. */
const READINGS = 5;
const READINGS_TO_JUMP = 3;
/** Closer than this is in sync. */
const DEAD_MS = 0.2;
/** Two clocks drift apart steadily: a small error in the direction of the last one is overdone by this much of it. */
const AND_MORE = 0.8;
const DRIFT_MS = 0.5;
/** What is smaller has time: it is not worth more than one nudge in this time, a change of the rate and back. */
const SMALL_MS = 2;
const SMALL_EVERY_MS = 2_000;
/** 0.5 % is 9 cents, which nobody hears. */
const CAP = 0.005;
/** Beyond this it jumps, at most once a second. */
const JUMP_MS = 12;
const JUMP_EVERY_MS = 1_000;

/** @returns {Law} */
export function newLaw() {
  return { values: [], gained: 0, last: 0, actedAt: -Infinity, jumpedAt: -Infinity };
}

/**
 * @param {Law} law
 * @param {{now: number, error: number, base: number, sample: number, calm: boolean}} reading `sample`: milliseconds of one;
 *   `calm`: nothing is to be nudged now
 * @returns {{law: Law, action: Action}}
 */
export function step(law, { now, error, base, sample, calm }) {
  const read = { ...law, values: [...law.values, error + law.gained].slice(-READINGS) };
  if (read.values.length < READINGS_TO_JUMP) return { law: read, action: { type: "hold" } };
  const off = median(read.values) - read.gained;
  if (Math.abs(off) > JUMP_MS) {
    if (now - law.jumpedAt < JUMP_EVERY_MS) return { law: read, action: { type: "hold" } };
    return { law: { ...newLaw(), actedAt: now, jumpedAt: now }, action: { type: "jump" } };
  }
  const small = Math.abs(off) < SMALL_MS;
  const soon = now - law.actedAt < (small ? SMALL_EVERY_MS : NUDGE_MS);
  if (calm || soon || Math.abs(off) < DEAD_MS) return { law: read, action: { type: "hold" } };
  const steady = Math.abs(off) < DRIFT_MS && Math.sign(off) === Math.sign(law.last);
  const gain = Math.trunc(within(CAP * NUDGE_MS * base, steady ? off * (1 + AND_MORE) : off) / sample) * sample;
  return { law: { ...read, gained: read.gained + gain, last: gain, actedAt: now }, action: { type: "nudge", gain } };
}

function within(most, value) {
  return Math.max(-most, Math.min(most, value));
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
