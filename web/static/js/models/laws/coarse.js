/**
 * The law for players that know a few rates only (0.75, 1, 1.25 …) and whose position comes late and seldom: YouTube's.
 *
 * A jump there costs 0.3 to 0.8 s of silence, sometimes an advertisement, and lands anywhere within some 200 ms. So an error up
 * to a second is made up at the nearest other rate instead: at most 4 s a quarter faster or slower, at the same pitch, with
 * nothing lost, and it ends within some 30 ms. Below 150 ms nothing is done: people watch beside each other, on pictures that
 * are later than that against their own sound. Beyond a second, or where there are no other rates, it jumps: at most once in
 * 5 s, and only over more after each that did not help.
 *
 * @typedef {{readings: import("./readings.js").Readings, rates: number[], correction: number, ends: number | null,
 *   seekAt: number, lead: number, landing: boolean, notBefore: number, futile: number}} Law
 */
import { hold } from "./law.js";
import { jumpedAt, learnedLead, mayJump } from "./lead.js";
import { level, noReadings, passed, read } from "./readings.js";

const WINDOW_MS = 2_000;
/** Readings come every 50 ms, out of messages that come every 250. */
const READINGS = 15;
const DEAD_MS = 150;
/** So long at another rate, at most. */
const BURST_MS = 4_000;
/** What is jumped over: more after each in a row that did not help. */
const SEEK_MS = { first: 1_000, growth: 1.5, most: 4_000 };
const SEEK_EVERY_MS = 5_000;
/** Without other rates, jumps have to do the small things too. */
const SEEK_ALONE_MS = { ...SEEK_MS, first: 250 };
/** After a change, messages are about what was before it for so long. */
const SETTLE_MS = 700;
const FIRST_LEAD_MS = 500;

/** @param {number} now @param {{lead?: number, rates?: number[]}} [options] the rates that the player knows @returns {Law} */
export function newLaw(now, { lead = FIRST_LEAD_MS, rates = [] } = {}) {
  return {
    readings: noReadings(),
    rates,
    correction: 0,
    ends: null,
    seekAt: -Infinity,
    lead,
    landing: false,
    notBefore: now + SETTLE_MS,
    futile: 0,
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
  const readings = passed(law.readings, now, law.correction, base);
  if (law.ends !== null) return now < law.ends ? hold({ ...law, readings }) : rest({ ...law, readings }, now);
  if (now < law.notBefore) return hold({ ...law, readings });
  return decide(learn({ ...law, readings: read(readings, now, error, WINDOW_MS) }), now, base);
}

function learn(law) {
  const seen = law.landing ? level(law.readings, READINGS) : null;
  return seen === null ? law : { ...law, lead: learnedLead(law.lead, seen.error), landing: false };
}

function decide(law, now, base) {
  const seen = level(law.readings, READINGS);
  if (seen === null || Math.abs(seen.error) <= DEAD_MS) return hold(law);
  if (Math.abs(seen.error) > limit(law, base, seen.error)) {
    return mayJump(law, now, SEEK_EVERY_MS) ? seek(law, now) : hold(law);
  }
  const rate = nearest(law.rates, base, seen.error > 0);
  return rate ? burst(law, seen.error, rate / base - 1, now, base) : hold(law);
}

/** Beyond this it jumps. */
function limit(law, base, error) {
  const { first, growth, most } = nearest(law.rates, base, error > 0) ? SEEK_MS : SEEK_ALONE_MS;
  return Math.min(most, first * growth ** law.futile);
}

/** The next rate above (or below) the room's; undefined where there is none. */
function nearest(rates, base, above) {
  const fit = rates.filter((rate) => rate > 0 && (above ? rate > base : rate < base));
  return fit.sort((a, b) => Math.abs(a - base) - Math.abs(b - base))[0];
}

function burst(law, error, correction, now, base) {
  const ms = Math.min(BURST_MS, error / (correction * base));
  return { law: { ...law, correction, ends: now + ms }, action: { type: "rate", correction } };
}

function rest(law, now) {
  return { law: settled({ ...law, correction: 0, ends: null }, now, false), action: { type: "rate", correction: 0 } };
}

function seek(law, now) {
  return { law: settled({ ...law, ...jumpedAt(law, now, SEEK_EVERY_MS) }, now, true), action: { type: "seek", lead: law.lead, correction: 0 } };
}
