/**
 * The law that keeps a media element on the room's line. Pure: it is told how far the element is behind (`error`, ms;
 * negative when ahead) and answers what to do. Nothing here reads a clock or touches an element.
 *
 * `currentTime` is noisy (saw-tooth of +-5 ms on real audio devices), so an average over 1.5 s is what counts. To average
 * across the law's own corrections, each reading is kept as error + C, where C is all that was gained by rate changes so
 * far; the mean minus the present C is the present error. So a long window costs no delay.
 *
 * The numbers were measured in Chromium with `preservesPitch = false`, where the element follows its rate exactly.
 *
 * @typedef {{samples: {t: number, value: number}[], gained: number, tickAt: number | null, correction: number,
 *   rateAt: number, seekAt: number, joinedAt: number, lead: number, landing: boolean, notBefore: number,
 *   nudges: boolean, tolerance: number, misses: number}} Law
 * @typedef {{type: "hold"} | {type: "rate", correction: number} | {type: "seek", lead: number}} Action
 */

export const TICK_MS = 50;
const WINDOW_MS = 1_500;
/** Of the readings, this share is left out at each end. */
const TRIMMED = 0.2;
/** A correction needs so many readings; a jump over a large gap fewer. */
const READINGS = 6;
const READINGS_TO_SEEK = 3;

/** Closer than this is in sync: the rate is exactly the room's. */
const DEAD_MS = 1;
/** Up to here half a per cent (9 cents, inaudible) is enough; above, 3 % until it is. */
const FINE_MS = 8;
const FINE = { overMs: 2_000, cap: 0.005, everyMs: 600 };
const COARSE = { overMs: 500, cap: 0.03, everyMs: 200 };
const QUANTUM = 0.00025;
/** Beyond this the element jumps. Shortly after joining there is nothing to disturb yet, so much earlier. */
const SEEK_MS = 120;
const SEEK_EARLY_MS = 25;
const EARLY_FOR_MS = 1_500;
const SEEK_EVERY_MS = 800;
/** Each jump in a row that missed doubles the pause to the next, up to this: some media cannot be jumped in. */
const FUTILE_PAUSE_MAX_MS = 60_000;
/** Firefox moves what is heard with each change of rate without saying so. There, jumps alone: rare, and rarer after a miss. */
const JUMPS_ONLY = { firstMs: 40, growth: 1.5, mostMs: 200, everyMs: 5_000 };
/** After a jump, readings before this many milliseconds are of the old sound. */
const SETTLE_MS = 150;
/** What a jump costs, before it was learned; and how much of a miss is learned. Larger misses are something else. */
const FIRST_LEAD_MS = 75;
const LEARNED = 0.7;
const MISS_MAX_MS = 2_000;

/** @returns {Law} */
export function newLaw(now, { lead = FIRST_LEAD_MS, nudges = true } = {}) {
  return {
    samples: [],
    gained: 0,
    tickAt: null,
    correction: 0,
    rateAt: -Infinity,
    seekAt: -Infinity,
    joinedAt: now,
    lead,
    landing: false,
    notBefore: now + SETTLE_MS,
    nudges,
    misses: 0,
    tolerance: nudges ? SEEK_MS : JUMPS_ONLY.firstMs,
  };
}

/** After a stall or a jump the old readings say nothing. `landed`: the jump was the law's own, so its miss is learned. */
export function settled(law, now, landed) {
  return { ...law, samples: [], tickAt: null, landing: landed, notBefore: now + SETTLE_MS };
}

/** @param {Law} law @param {{now: number, error: number, base: number}} reading @returns {{law: Law, action: Action}} */
export function step(law, { now, error, base }) {
  const elapsed = law.tickAt === null ? 0 : now - law.tickAt;
  const gained = law.gained + elapsed * law.correction * base;
  const ticked = { ...law, gained, tickAt: now };
  if (now < law.notBefore) return hold(ticked);
  const samples = [...law.samples.filter((each) => now - each.t <= WINDOW_MS), { t: now, value: error + gained }];
  return decide(learn({ ...ticked, samples }), now, base);
}

/** How far behind the element is, as far as its readings tell; null without enough of them. */
export function estimate(law) {
  if (law.samples.length < READINGS_TO_SEEK) return null;
  const values = law.samples.map((each) => each.value).sort((a, b) => a - b);
  const cut = Math.floor(values.length * TRIMMED);
  const kept = values.slice(cut, values.length - cut);
  return kept.reduce((sum, value) => sum + value, 0) / kept.length - law.gained;
}

function learn(law) {
  if (!law.landing || law.samples.length < READINGS_TO_SEEK) return law;
  const miss = estimate(law);
  const lead = Math.abs(miss) > MISS_MAX_MS ? law.lead : Math.max(0, law.lead + LEARNED * miss);
  const misses = Math.abs(miss) > SEEK_MS ? law.misses + 1 : 0;
  return { ...law, lead, landing: false, misses, tolerance: tolerance(law, Math.abs(miss)) };
}

function tolerance(law, miss) {
  if (law.nudges) return SEEK_MS;
  return miss > JUMPS_ONLY.firstMs ? Math.min(JUMPS_ONLY.mostMs, law.tolerance * JUMPS_ONLY.growth) : JUMPS_ONLY.firstMs;
}

function decide(law, now, base) {
  const error = estimate(law);
  if (error === null) return hold(law);
  const early = now - law.joinedAt < EARLY_FOR_MS;
  if (Math.abs(error) > (early ? SEEK_EARLY_MS : law.tolerance)) {
    const pause = early || law.nudges ? SEEK_EVERY_MS : JUMPS_ONLY.everyMs;
    return now - law.seekAt < Math.min(FUTILE_PAUSE_MAX_MS, pause * 2 ** law.misses) ? hold(law) : seek(law, now);
  }
  if (!law.nudges || law.samples.length < READINGS) return hold(law);
  const mode = Math.abs(error) < FINE_MS ? FINE : COARSE;
  const wanted = Math.abs(error) < DEAD_MS ? 0 : clamp(error / base / mode.overMs, mode.cap);
  const correction = Math.round(wanted / QUANTUM) * QUANTUM;
  if (correction === law.correction || now - law.rateAt < mode.everyMs) return hold(law);
  return { law: { ...law, correction, rateAt: now }, action: { type: "rate", correction } };
}

function seek(law, now) {
  const jumped = { ...law, correction: 0, seekAt: now, rateAt: now };
  return { law: settled(jumped, now, true), action: { type: "seek", lead: law.lead } };
}

function hold(law) {
  return { law, action: { type: "hold" } };
}

function clamp(value, limit) {
  return Math.max(-limit, Math.min(limit, value));
}
