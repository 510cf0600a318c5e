/**
 * How fast a player's clock drifts from the room's, out of readings that a law's own corrections do not touch: the slope
 * of their means, second by second. Sound cards were measured up to 90 ppm off the system's clock.
 *
 * @typedef {{blocks: {t: number, value: number}[], since: number | null, sum: number, times: number, count: number,
 *   slope: number}} Drift `slope` in ms per ms
 */

const BLOCK_MS = 1_000;
/** So many seconds are looked at; fewer than the least say nothing. A slope is taken over so many of them. */
const BLOCKS = 40;
const LEAST = 12;
const LAG = 8;
/** The standard deviation of a normal distribution, in median absolute deviations. */
const NORMAL = 1.4826;
/** What drift is likely before anything was read; noisy readings have to be many to say something else. */
const LIKELY = 60e-6;
const MOST = 300e-6;

/** @param {number} [slope] what was learned before @returns {Drift} */
export function newDrift(slope = 0) {
  return { blocks: [], since: null, sum: 0, times: 0, count: 0, slope };
}

/** @param {Drift} drift @param {import("./readings.js").Sample} sample */
export function drifted(drift, { t, value }) {
  const since = drift.since ?? t;
  const { sum, times, count } = { sum: drift.sum + value, times: drift.times + t, count: drift.count + 1 };
  if (t - since < BLOCK_MS) return { ...drift, since, sum, times, count };
  const blocks = [...drift.blocks.slice(1 - BLOCKS), { t: times / count, value: sum / count }];
  return { ...newDrift(blocks.length < LEAST ? drift.slope : slopeOf(blocks)), blocks };
}

/**
 * The median of the slopes over `LAG` seconds, so that a step (the clock corrected itself, a write cost a millisecond) is
 * outvoted; drawn towards 0 by as much as those slopes disagree.
 */
function slopeOf(blocks) {
  const slopes = blocks.slice(LAG).map((each, n) => (each.value - blocks[n].value) / (each.t - blocks[n].t));
  const middle = median(slopes);
  const spread = NORMAL * median(slopes.map((each) => Math.abs(each - middle)));
  // Neighbouring slopes share most of their readings: only every LAG-th is new.
  const noise = (spread ** 2 * LAG) / slopes.length;
  const likely = LIKELY ** 2;
  return Math.max(-MOST, Math.min(MOST, (middle * likely) / (likely + noise)));
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
