/**
 * What pings say of the offset between two clocks, as pure functions: each bounds it from above and from below at the time
 * it came back. Offsets and times are milliseconds of the local clock.
 *
 * @typedef {{t: number, upper: number, lower: number}} Bound
 */

/** How far apart two ordinary clocks may drift at most, and how far they usually do (one standard deviation). */
const DRIFT = 150e-6;
const USUAL = 80e-6;
/** Parts into which the drifts that are possible are cut; drifts less likely than the best by e to this power are not. */
const PARTS = 24;
const UNLIKELY = 8;

/** The latest bounds, back to the first that contradicts those after it: something happened to one of the clocks then. */
export function consistent(bounds) {
  const now = bounds.at(-1).t;
  let upper = Infinity;
  let lower = -Infinity;
  for (let n = bounds.length - 1; n >= 0; n -= 1) {
    const slack = (now - bounds[n].t) * DRIFT;
    upper = Math.min(upper, bounds[n].upper + slack);
    lower = Math.max(lower, bounds[n].lower - slack);
    if (upper < lower) return bounds.slice(n + 1);
  }
  return bounds;
}

/** The lowest upper and highest lower bound, each loosened by its age. */
export function tightest(bounds, now) {
  let upper = Infinity;
  let lower = -Infinity;
  for (const bound of bounds) {
    const slack = (now - bound.t) * DRIFT;
    upper = Math.min(upper, bound.upper + slack);
    lower = Math.max(lower, bound.lower - slack);
  }
  return { upper, lower };
}

/**
 * The likeliest offset now, and by how much it may well be wrong (one standard deviation); null where no one drift fits all
 * bounds.
 *
 * Delays are a constant and queues, and queues are about exponential. So, for a given drift, the offset is likeliest in the
 * middle between the tightest bounds, and a drift is the likelier the more room it leaves between them: by a factor e
 * for each mean queue divided by the number of pings. The answer is the mean over all drifts, so weighed. While pings
 * are few, that is little more than the middle of the tightest bounds; over minutes it is the line with the most room.
 *
 * @param {Bound[]} bounds @param {number} now @returns {{offset: number, doubt: number} | null}
 */
export function likeliest(bounds, now) {
  const best = roomiest(bounds, now);
  if (best.room < 0) return null;
  const queue = bounds.reduce((sum, each) => sum + each.upper - each.lower - best.room, 0) / (2 * bounds.length);
  const loss = (drift) => ((best.room - between(bounds, now, drift).room) * bounds.length) / Math.max(queue, 1e-3);
  const from = edge(loss, best.drift, -DRIFT);
  const to = edge(loss, best.drift, DRIFT);
  let sum = 0;
  let squares = 0;
  let weights = 0;
  for (let part = 0; part <= PARTS; part += 1) {
    const drift = from + ((to - from) * part) / PARTS;
    const weight = Math.exp(-loss(drift) - ((drift / USUAL) ** 2 - (best.drift / USUAL) ** 2) / 2);
    const middle = between(bounds, now, drift).middle - best.middle;
    sum += weight * middle;
    squares += weight * middle ** 2;
    weights += weight;
  }
  const mean = sum / weights;
  const ofDrift = Math.max(0, squares / weights - mean ** 2);
  const ofQueues = (queue / bounds.length) ** 2 / 2;
  return { offset: best.middle + mean, doubt: Math.sqrt(ofDrift + ofQueues) };
}

/** What is left between the tightest bounds at a given drift, and its middle, now. Below 0: that drift is impossible. */
function between(bounds, now, drift) {
  let upper = Infinity;
  let lower = -Infinity;
  for (const bound of bounds) {
    const moved = (now - bound.t) * drift;
    upper = Math.min(upper, bound.upper + moved);
    lower = Math.max(lower, bound.lower + moved);
  }
  return { room: upper - lower, middle: (upper + lower) / 2 };
}

/** The drift that leaves the most room: that is a concave function of it, so a search by thirds finds its peak, to 0.02 ppm. */
function roomiest(bounds, now) {
  let low = -DRIFT;
  let high = DRIFT;
  for (let step = 0; step < 24; step += 1) {
    const third = (high - low) / 3;
    if (between(bounds, now, low + third).room < between(bounds, now, high - third).room) low += third;
    else high -= third;
  }
  const drift = (low + high) / 2;
  return { drift, ...between(bounds, now, drift) };
}

/** How far from the best towards `end` drifts are not yet too unlikely. */
function edge(loss, best, end) {
  if (loss(end) <= UNLIKELY) return end;
  let inside = best;
  let outside = end;
  for (let step = 0; step < 14; step += 1) {
    const middle = (inside + outside) / 2;
    if (loss(middle) <= UNLIKELY) inside = middle;
    else outside = middle;
  }
  return inside;
}
