/**
 * One player takes over from another on the same line: at which instant, from which place, and how long that holds. Pure;
 * times and places are milliseconds, `at` is room time.
 *
 * @typedef {{at: number, position: number, rate: number}} Plan the place where the line will be at the instant, trim included
 */

/** So far ahead lies the instant; a plan that has become wrong can be dropped until so long before it. */
const AHEAD_MS = 250;
const DROP_MS = 100;
/** A line that strays so far from what was planned is another one: somebody moved the trim, or the clock was mended. */
const ASTRAY_MS = 3;
/** So long the quick one is given to come to the line; a media element is within 10 ms of it after 0.43 s (p95). */
const SETTLED_MS = 500;
/** So long before the end it is not worth it. */
const CALM_MS = 4_000;
/** Both are heard for so long. Two voices within some milliseconds of each other are one to the ear. */
export const FADE_MS = 40;
export const FADE_STEPS = 5;

/** Whether the moment is good. @param {{dry: boolean, ran: number, left: number}} quick what is on duty, and for how long */
export function isTimely({ dry, ran, left }) {
  return dry || (ran >= SETTLED_MS && left > CALM_MS);
}

/** @returns {Plan} @param {number} expected where the line is now */
export function planned(now, expected, rate) {
  return { at: now + AHEAD_MS, position: expected + rate * AHEAD_MS, rate };
}

/** The room's line as it is to be started, so that with this trim it is heard at the instant. @param {Plan} plan */
export function lineOf({ at, position, rate }, playback, trim) {
  return { ...playback, position, rate, playing: true, as_of: at + trim / rate };
}

/** Whether the line is not what was planned for any more, and there is time to say so. @param {Plan} plan */
export function isVoid({ at, position, rate }, now, expected) {
  return at - now > DROP_MS && Math.abs(expected - position - rate * (now - at)) > ASTRAY_MS;
}
