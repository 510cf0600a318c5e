/**
 * The law for players whose rate must not be touched: Firefox moves what is heard by 2 to 9 ms with each change of the rate
 * and does not say so, and Safari stutters. There are jumps alone: rare, and rarer after one that missed. Firefox's
 * readings are noisy (standard deviation 12 ms), so it is the mean of two seconds that counts.
 *
 * @typedef {{readings: import("./readings.js").Readings, seekAt: number, joinedAt: number, lead: number, landing: boolean,
 *   notBefore: number, futile: number, tolerance: number}} Law
 */
import { hold } from "./law.js";
import { jumpedAt, learnedLead, mayJump } from "./lead.js";
import { level, noReadings, passed, read } from "./readings.js";

const WINDOW_MS = 2_000;
/** A jump over a large gap needs fewer readings than one over a small one. */
const READINGS = 10;
const READINGS_EARLY = 3;
const EVERY_MS = 5_000;
/** Shortly after joining there is nothing to disturb yet. */
const EARLY_MS = 25;
const EARLY_FOR_MS = 1_500;
const EARLY_EVERY_MS = 800;
/** What is borne: more after each miss, and after so long without one as at first. */
const TOLERANCE_MS = { first: 40, growth: 1.5, most: 200, forMs: 60_000 };
const SETTLE_MS = 150;
const FIRST_LEAD_MS = 75;

/** @returns {Law} */
export function newLaw(now, { lead = FIRST_LEAD_MS } = {}) {
  return {
    readings: noReadings(),
    seekAt: -Infinity,
    joinedAt: now,
    lead,
    landing: false,
    notBefore: now + SETTLE_MS,
    futile: 0,
    tolerance: TOLERANCE_MS.first,
  };
}

export function learned(law) {
  return { lead: law.lead };
}

export function settled(law, now, landed) {
  return { ...law, readings: noReadings(), landing: landed, notBefore: now + SETTLE_MS };
}

/** @param {Law} law @param {{now: number, error: number, base: number}} reading */
export function step(law, { now, error, base }) {
  if (now < law.notBefore) return hold(law);
  const readings = read(passed(law.readings, now, 0, base), now, error, WINDOW_MS);
  return decide(learn({ ...law, readings }), now);
}

function learn(law) {
  const seen = law.landing ? level(law.readings, READINGS) : null;
  if (seen === null) return law;
  const miss = Math.abs(seen.error);
  const { first, growth, most } = TOLERANCE_MS;
  return {
    ...law,
    lead: learnedLead(law.lead, seen.error),
    landing: false,
    tolerance: miss > first ? Math.min(most, law.tolerance * growth) : law.tolerance,
  };
}

function decide(law, now) {
  const early = now - law.joinedAt < EARLY_FOR_MS;
  const seen = level(law.readings, early ? READINGS_EARLY : READINGS);
  if (seen === null) return hold(law);
  const tolerance = now - law.seekAt > TOLERANCE_MS.forMs ? TOLERANCE_MS.first : law.tolerance;
  const calm = { ...law, tolerance };
  if (Math.abs(seen.error) <= (early ? EARLY_MS : tolerance)) return hold(calm);
  const every = early ? EARLY_EVERY_MS : EVERY_MS;
  if (!mayJump(law, now, every)) return hold(calm);
  const jumped = settled({ ...calm, ...jumpedAt(law, now, every) }, now, true);
  return { law: jumped, action: { type: "seek", lead: law.lead, correction: 0 } };
}
