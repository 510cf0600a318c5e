/**
 * What the audio thread was told: from which context time on (s) which place of the track (ms) sounds, and how fast. A line
 * with bends; all that is known about what is heard follows from it, without asking anybody.
 *
 * @typedef {{at: number, position: number, rate: number}} Leg
 */

/** Legs that ended so long ago are not asked for any more. */
const PAST_S = 2;

export class Schedule {
  /** @type {Leg[]} */
  #legs;

  /** @param {Leg} first @param {number} end where the track ends, in ms */
  constructor(first, end) {
    this.#legs = [first];
    this.end = end;
  }

  /** When it begins to sound. */
  get from() {
    return this.#legs[0].at;
  }

  /** When everything that was told so far is behind; from there on it goes straight. */
  get straightFrom() {
    return this.#legs.at(-1).at;
  }

  /** The context time at which the track is over. */
  get endAt() {
    const last = this.#legs.at(-1);
    return last.at + (this.end - last.position) / 1_000 / last.rate;
  }

  positionAt(context) {
    const leg = this.#legAt(context);
    return Math.min(this.end, leg.position + Math.max(0, context - leg.at) * 1_000 * leg.rate);
  }

  rateAt(context) {
    return this.#legAt(context).rate;
  }

  /** From `at` on, `gain` ms more than otherwise are played within `lasts` seconds. Answers the rate that does it. */
  nudge(at, lasts, gain) {
    const { rate } = this.#legs.at(-1);
    const position = this.positionAt(at);
    const faster = rate + gain / 1_000 / lasts;
    const after = { at: at + lasts, position: position + lasts * 1_000 * faster, rate };
    this.#forget(at);
    this.#legs.push({ at, position, rate: faster }, after);
    return faster;
  }

  /** From `at` on it goes on elsewhere. */
  jump(leg) {
    this.#forget(leg.at);
    this.#legs = [...this.#legs.filter((each) => each.at < leg.at), leg];
  }

  #legAt(context) {
    return this.#legs.findLast((each) => each.at <= context) ?? this.#legs[0];
  }

  #forget(now) {
    while (this.#legs.length > 1 && this.#legs[1].at < now - PAST_S) this.#legs.shift();
  }
}
