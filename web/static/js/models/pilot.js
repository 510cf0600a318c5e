/**
 * Steers a running voice by the sync law, and remembers what this device taught: how long play() takes until something
 * is heard, and what a jump costs.
 */
import * as jumps from "./laws/jumps.js";
import * as nudge from "./laws/nudge.js";

/** How long play() takes before it was ever measured here; how much of a miss is learned; what is not a miss any more. */
const FIRST_LATENCY_MS = 80;
const LATENCY_LEARNED = 0.4;
const LATENCY_MAX_MS = 400;
/** A position that differs by less has not moved. */
const MOVED_MS = 1;

export class Pilot {
  #law = null;
  #fresh = false;
  #from = 0;
  /** Where it was sent by a jump, until it was seen to move from there. @type {number | null} */
  #sent = null;

  /**
   * @param {{clock: import("../client/clock.js").RoomClock, nudges: boolean, latency?: number,
   *   learned?: (latency: number) => void}} parts
   */
  constructor({ clock, nudges, latency = FIRST_LATENCY_MS, learned = () => {} }) {
    this.clock = clock;
    this.latency = latency;
    this.learned = learned;
    this.rules = nudges ? nudge : jumps;
    /** What was done to stay on the line. */
    this.effort = { correction: 0, seeks: 0, writes: 0 };
    /** What the law learned of this player, for the next track. */
    this.known = {};
  }

  /** play() is about to be called with the voice at `position`; nothing is heard until that moves. */
  begin(position) {
    this.#law = null;
    this.#fresh = true;
    this.#from = position;
    this.#sent = null;
  }

  /** The voice is loading or jumping: what was read before says nothing about after. */
  wait() {
    if (this.#law) this.#law = this.rules.settled(this.#law, this.clock.local(), this.#law.landing);
  }

  /** @param {import("./voice.js").Voice} voice @param {() => number} expected @param {number} base the room's rate */
  steer(voice, expected, base) {
    const now = this.clock.local();
    if (!this.#law) {
      if (voice.position > this.#from + MOVED_MS) this.#law = this.rules.newLaw(now, this.known);
      return;
    }
    // `seeked` comes 1 to 4 ms after a jump, and sound 50 to 130 ms after it.
    if (this.#sent !== null && Math.abs(voice.position - this.#sent) < MOVED_MS) {
      this.wait();
      return;
    }
    this.#sent = null;
    const error = expected() - voice.position;
    if (this.#fresh && now >= this.#law.notBefore) this.#learn(error / base);
    const { law, action } = this.rules.step(this.#law, { now, error, base });
    this.#law = law;
    this.known = this.rules.learned(law);
    if (action.type === "rate") {
      voice.setRate(base * (1 + action.correction));
      this.effort = { ...this.effort, correction: action.correction, writes: this.effort.writes + 1 };
    }
    if (action.type === "seek") {
      this.effort = { ...this.effort, correction: action.correction, seeks: this.effort.seeks + 1 };
      voice.setRate(base * (1 + action.correction));
      this.#sent = expected() + action.lead * base;
      voice.jump(this.#sent);
    }
  }

  #learn(miss) {
    this.#fresh = false;
    if (Math.abs(miss) > LATENCY_MAX_MS) return;
    // Until one was measured, all that is known of a jump's cost is that a start took so much longer than it should.
    if (this.effort.seeks === 0) this.#law = { ...this.#law, lead: Math.max(0, this.#law.lead + miss) };
    this.latency = Math.max(0, Math.min(LATENCY_MAX_MS, this.latency + LATENCY_LEARNED * miss));
    this.learned(this.latency);
  }
}
