/**
 * The law for media elements that follow their rate exactly: Chromium's with `preservesPitch = false`.
 *
 * Two things are estimated: the error, as an average that knows its own uncertainty, and the drift of the two clocks. At rest
 * the rate makes up for the drift and nothing else is done. An error that is certainly one is taken away by a single
 * correction of known length, at whose end the rate is that of rest again: two writes, where following the error down
 * would take dozens, each of which costs up to 1.5 ms of position.
 *
 * @typedef {{readings: import("./readings.js").Readings, drift: import("./drift.js").Drift, correction: number,
 *   plan: {ends: number, from: number, error: number} | null, rateAt: number, seekAt: number, joinedAt: number, lead: number,
 *   landing: boolean, notBefore: number, futile: number}} Law
 */
import { drifted, newDrift } from "./drift.js";
import { TICK_MS, hold } from "./law.js";
import { jumpedAt, learnedLead, mayJump } from "./lead.js";
import { level, noReadings, passed, read } from "./readings.js";

const WINDOW_MS = 1_500;
const READINGS = 3;
/** An error below this is none, and neither is one within so many standard errors of none. */
const DEAD_MS = 0.5;
const CERTAIN = 3.5;
/** Up to here half a per cent (9 cents, inaudible) is enough; above, 3 % until it is gone, the drift's share included. */
const FINE_MS = 8;
const FINE = { overMs: 1_000, cap: 0.005 };
const COARSE = { overMs: 500, cap: 0.0297 };
/** Shortly after joining there is nothing to disturb yet, so more, and sooner. */
const EARLY = { overMs: 300, cap: 0.05 };
const EARLY_FOR_MS = 1_500;
/** A correction under way is planned anew when the error is so far from what it should be by then. */
const ASTRAY_MS = 3;
const WRITE_EVERY_MS = 300;
/** Chromium follows a rate of 1.00005 to 3 ppm. The rate of rest is written anew when the drift turns out so different. */
const REST_QUANTUM = 10e-6;
const REST_CHANGE = 30e-6;
/** Beyond this the element jumps; shortly after joining, much earlier. */
const SEEK_MS = 120;
const SEEK_EARLY_MS = 40;
const SEEK_EVERY_MS = 800;
/** Readings count from so long after it was seen to move again. */
const SETTLE_MS = 80;
const FIRST_LEAD_MS = 75;

/** @returns {Law} */
export function newLaw(now, { lead = FIRST_LEAD_MS, drift = 0 } = {}) {
  return {
    readings: noReadings(),
    drift: newDrift(drift),
    correction: 0,
    plan: null,
    rateAt: -Infinity,
    seekAt: -Infinity,
    joinedAt: now,
    lead,
    landing: false,
    notBefore: now + SETTLE_MS,
    futile: 0,
  };
}

export function learned(law) {
  return { lead: law.lead, drift: law.drift.slope };
}

export function settled(law, now, landed) {
  const { readings, drift } = law;
  const kept = { readings: noReadings(readings.gained), drift: newDrift(drift.slope) };
  return { ...law, ...kept, plan: null, landing: landed, notBefore: now + SETTLE_MS };
}

/** @param {Law} law @param {{now: number, error: number, base: number}} reading */
export function step(law, { now, error, base }) {
  const readings = passed(law.readings, now, law.correction, base);
  if (now < law.notBefore) return hold({ ...law, readings });
  const taken = read(readings, now, error, WINDOW_MS);
  const drift = drifted(law.drift, taken.samples.at(-1));
  return decide(learn({ ...law, readings: taken, drift }), now, base);
}

/** How far behind the element is, as far as its readings tell; null without enough of them. */
export function estimate(law) {
  return level(law.readings, READINGS)?.error ?? null;
}

function learn(law) {
  const miss = law.landing ? estimate(law) : null;
  return miss === null ? law : { ...law, lead: learnedLead(law.lead, miss), landing: false };
}

function decide(law, now, base) {
  const seen = level(law.readings, READINGS);
  if (seen === null) return hold(law);
  const far = Math.abs(seen.error) > (isEarly(law, now) ? SEEK_EARLY_MS : SEEK_MS);
  // Until the next jump may come the rate brings it nearer: 3 % is heard, but so is being far off.
  if (far && mayJump(law, now, SEEK_EVERY_MS)) return seek(law, now, base);
  return law.plan ? follow(law, seen, now, base) : rest(law, seen, now, base);
}

/** A correction is under way. */
function follow(law, seen, now, base) {
  const { plan } = law;
  const left = plan.error * Math.max(0, (plan.ends - now) / (plan.ends - plan.from));
  const astray = Math.abs(seen.error - left) > Math.max(ASTRAY_MS, CERTAIN * seen.unsure);
  if (astray && now - law.rateAt >= WRITE_EVERY_MS) return correct(law, seen.error, now, base);
  if (now < plan.ends - TICK_MS / 2) return hold(law);
  return write({ ...law, plan: null }, restOf(law, base), now);
}

/** Nothing is under way. */
function rest(law, seen, now, base) {
  if (Math.abs(seen.error) > Math.max(DEAD_MS, CERTAIN * seen.unsure)) {
    return now - law.rateAt < WRITE_EVERY_MS ? hold(law) : correct(law, seen.error, now, base);
  }
  const wanted = restOf(law, base);
  return Math.abs(wanted - law.correction) >= REST_CHANGE ? write(law, wanted, now) : hold(law);
}

function correct(law, error, now, base) {
  const { overMs, cap } = Math.abs(error) < FINE_MS ? FINE : isEarly(law, now) ? EARLY : COARSE;
  const ms = Math.ceil(Math.max(overMs, Math.abs(error) / base / cap) / TICK_MS) * TICK_MS;
  const plan = { ends: now + ms, from: now, error };
  return write({ ...law, plan }, restOf(law, base) + error / base / ms, now);
}

function isEarly(law, now) {
  return now - law.joinedAt < EARLY_FOR_MS;
}

function write(law, correction, now) {
  if (correction === law.correction) return hold(law);
  return { law: { ...law, correction, rateAt: now }, action: { type: "rate", correction } };
}

/** The correction at which nothing changes: it makes up for the drift. */
function restOf(law, base) {
  return Math.round(law.drift.slope / base / REST_QUANTUM) * REST_QUANTUM;
}

function seek(law, now, base) {
  const correction = restOf(law, base);
  const jumped = settled({ ...law, ...jumpedAt(law, now, SEEK_EVERY_MS), correction, rateAt: now }, now, true);
  return { law: jumped, action: { type: "seek", lead: law.lead, correction } };
}
