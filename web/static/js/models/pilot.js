/**
 * Steers a running voice by the sync law, and remembers what this device taught: how long play() takes until something
 * is heard, and what a jump costs.
 */
import { newLaw, settled, step } from "./sync-law.js";

/** How long play() takes before it was ever measured here; how much of a miss is learned; what is not a miss any more. */
const FIRST_LATENCY_MS = 80;
const LATENCY_LEARNED = 0.4;
const LATENCY_MAX_MS = 400;

export class Pilot {
  #law = null;
  #fresh = false;
  #from = 0;

  /**
   * @param {{clock: import("../client/clock.js").RoomClock, nudges: boolean, latency?: number,
   *   learned?: (latency: number) => void}} parts
   */
  constructor({ clock, nudges, latency = FIRST_LATENCY_MS, learned = () => {} }) {
    Object.assign(this, { clock, nudges, latency, learned });
    /** What was done to stay on the line. */
    this.effort = { correction: 0, seeks: 0, writes: 0 };
    /** What a jump costs, once known. @type {number | undefined} */
    this.lead = undefined;
  }

  /** play() is about to be called with the voice at `position`; nothing is heard until that moves. */
  begin(position) {
    this.#law = null;
    this.#fresh = true;
    this.#from = position;
  }

  /** The voice is loading or jumping: what was read before says nothing about after. */
  wait() {
    if (this.#law) this.#law = settled(this.#law, this.clock.local(), this.#law.landing);
  }

  /** @param {import("./voice.js").Voice} voice @param {() => number} expected @param {number} base the room's rate */
  steer(voice, expected, base) {
    const now = this.clock.local();
    if (!this.#law) {
      if (voice.position > this.#from + 1) this.#law = newLaw(now, { lead: this.lead, nudges: this.nudges });
      return;
    }
    const error = expected() - voice.position;
    if (this.#fresh && now >= this.#law.notBefore) this.#learn(error / base);
    const { law, action } = step(this.#law, { now, error, base });
    this.#law = law;
    this.lead = law.lead;
    if (action.type === "rate") {
      voice.setRate(base * (1 + action.correction));
      this.effort = { ...this.effort, correction: action.correction, writes: this.effort.writes + 1 };
    }
    if (action.type === "seek") {
      this.effort = { ...this.effort, correction: 0, seeks: this.effort.seeks + 1 };
      voice.setRate(base);
      voice.jump(expected() + action.lead * base);
    }
  }

  #learn(miss) {
    this.#fresh = false;
    if (Math.abs(miss) > LATENCY_MAX_MS) return;
    this.latency = Math.max(0, Math.min(LATENCY_MAX_MS, this.latency + LATENCY_LEARNED * miss));
    this.learned(this.latency);
  }
}
