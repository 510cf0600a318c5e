/**
 * Readings of how far a player is behind its line, kept so that they stay true across a law's own corrections.
 *
 * Each is kept as error + C, where C is all that was gained by rate changes so far; an average of them minus the present C
 * is the present error. So averaging over a long window costs no delay. What remains of a change over time is the drift
 * between the player's clock and the room's, whatever the law did meanwhile.
 *
 * @typedef {{t: number, value: number}} Sample
 * @typedef {{samples: Sample[], gained: number, tickAt: number | null}} Readings
 */

/** Of the readings, this share is left out at each end: a film's position has spikes of -7 ms. */
const TRIMMED = 0.1;

/** @returns {Readings} */
export function noReadings(gained = 0) {
  return { samples: [], gained, tickAt: null };
}

/** What was gained up to now at `correction`, whether or not there is something to read. */
export function passed(readings, now, correction, base) {
  const elapsed = readings.tickAt === null ? 0 : now - readings.tickAt;
  return { ...readings, gained: readings.gained + elapsed * correction * base, tickAt: now };
}

/** One more reading; those older than the window go. */
export function read(readings, now, error, windowMs) {
  const samples = readings.samples.filter((each) => now - each.t <= windowMs);
  return { ...readings, samples: [...samples, { t: now, value: error + readings.gained }] };
}

/** The present error and how far that may be off (one standard error of the mean); null with fewer than `least` readings. */
export function level({ samples, gained }, least) {
  if (samples.length < least) return null;
  const values = samples.map((each) => each.value).sort((a, b) => a - b);
  const cut = Math.floor(values.length * TRIMMED);
  const kept = values.slice(cut, values.length - cut);
  const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { error: mean - gained, unsure: Math.sqrt(variance / values.length) };
}
