/** A media element that is kept on the line by its rate, or by jumps alone where an engine's rates lie. */
import { WATCH_MS, cue, watchUntil } from "../models/cue.js";
import { levelled } from "../models/level.js";
import { Pilot } from "../models/pilot.js";
import { Voice } from "../models/voice.js";

/** How often to look whether the clock can be trusted yet. */
const LOOK_MS = 20;

/**
 * Milliseconds by which Chromium's media elements are heard after their `currentTime`, and after the same through Web Audio:
 * 17.5 to 19.5 in recordings of its output (`make bench-audio`, PulseAudio), a window of its audio renderer (20 ms).
 */
export const CHROMIUM_LATE_MS = 19;

/** @typedef {import("./player.js").Player} Player */

/** @implements {Player} */
export class ElementPlayer {
  /** @type {Player["tell"]} */
  tell = () => {};
  #track = null;

  /**
   * @param {{element: HTMLMediaElement, clock: import("../client/clock.js").RoomClock, nudges: boolean, late?: number,
   *   latency?: number, learned?: (latency: number) => void, set?: (run: () => void, ms: number) => any}} parts
   *   `late`: milliseconds by which it is heard after what it says
   */
  constructor({ element, clock, nudges, late = 0, latency, learned, set = (run, ms) => setTimeout(run, ms) }) {
    this.name = nudges ? "element" : "jumping";
    this.clock = clock;
    this.set = set;
    this.late = late;
    this.voice = new Voice(element);
    this.pilot = new Pilot({ clock, nudges, latency, learned });
    element.addEventListener("error", () => this.#track && this.tell({ type: "failed" }));
    element.addEventListener("loadedmetadata", () => this.#track && this.tell({ type: "loaded", duration_ms: this.voice.duration }));
  }

  /** What is heard. */
  get position() {
    return this.voice.position - (this.voice.paused ? 0 : this.late * this.voice.element.playbackRate);
  }

  get ready() {
    return this.#track !== null && !this.voice.busy;
  }

  load(track) {
    this.#track = track;
    this.voice.load(track.url);
  }

  unload() {
    this.#track = null;
    this.voice.unload();
  }

  stand(position) {
    this.voice.pause();
    this.voice.jump(position);
  }

  async start({ playback, trim, overtaken }) {
    const now = () => this.clock.now();
    this.voice.pause();
    this.voice.setRate(playback.rate);
    while (!this.clock.ready && !overtaken()) await this.#pass(LOOK_MS);
    const start = await cue({ voice: this.voice, playback, now, latency: this.pilot.latency, trim: trim + this.late * playback.rate, overtaken });
    if (overtaken() || start === "overtaken") return "overtaken";
    if (start === "over") return "over";
    await this.#pass(start.at - WATCH_MS - now());
    if (overtaken()) return "overtaken";
    watchUntil(start.at, now);
    this.pilot.begin(start.position);
    return this.#play(overtaken);
  }

  setRate(rate) {
    this.pilot.begin(this.voice.position);
    this.voice.setRate(rate);
  }

  tick(expected, rate) {
    if (this.voice.ended) return "over";
    if (this.voice.paused) return "interrupted";
    if (this.voice.busy) {
      this.pilot.wait();
      return "busy";
    }
    this.pilot.steer(this.voice, () => expected() + this.late * rate, rate);
    return "fine";
  }

  level({ volume, muted, even }) {
    this.voice.element.volume = levelled(volume, even ? this.#track?.gain_db : null);
    this.voice.element.muted = muted;
  }

  effort() {
    return this.pilot.effort;
  }

  unlock() {
    this.voice.play().then(() => this.voice.pause(), () => {});
  }

  async #play(overtaken) {
    try {
      await this.voice.play();
    } catch (fault) {
      if (overtaken() || fault.name === "AbortError") return "overtaken";
      return fault.name === "NotAllowedError" ? "blocked" : "failed";
    }
    return overtaken() ? "overtaken" : "started";
  }

  /** @returns {Promise<void>} */
  #pass(ms) {
    return new Promise((resolve) => this.set(resolve, Math.max(0, ms)));
  }
}
