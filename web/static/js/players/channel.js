/** How loud one player is. Beyond full volume peaks are rounded off: a compressor would look 6 ms ahead, and so be late. */
import { roundedOff } from "../models/level.js";

/** So fast the volume follows: two thirds of the way in this time, which does not click. */
const SMOOTH_S = 0.007;
/** The most that a quiet track is turned up: 12 dB. */
export const LOUDEST = 4;
const CURVE_POINTS = 4_097;

export class Channel {
  #level = 1;

  /** @param {AudioContext} context */
  constructor(context) {
    this.context = context;
    /** Where sounds go in. */
    this.input = context.createGain();
    this.plain = context.createGain();
    this.loud = context.createGain();
    this.loud.gain.value = 0;
    const rounding = context.createWaveShaper();
    rounding.curve = Float32Array.from(roundedOff(LOUDEST, CURVE_POINTS));
    this.input.connect(this.plain).connect(context.destination);
    this.input.connect(this.loud).connect(rounding).connect(context.destination);
  }

  get level() {
    return this.#level;
  }

  /** @param {number} level 1 leaves the sound as it is; at most LOUDEST */
  set level(level) {
    this.#level = level;
    this.#turn(this.plain.gain, level > 1 ? 0 : level);
    this.#turn(this.loud.gain, level > 1 ? level / LOUDEST : 0);
  }

  #turn(gain, value) {
    gain.setTargetAtTime(value, this.context.currentTime, SMOOTH_S);
  }
}
