/**
 * Music files on the audio thread: decoded as a whole and scheduled on the sample, so that what leaves the speakers is on
 * the room's line from the first moment on, whatever the page's own timers do. Another rate changes the pitch, as it does
 * with the media element here.
 */
import { newLaw, step, NUDGE_MS } from "../models/laws/buffer.js";
import { amplified } from "../models/level.js";
import { Schedule } from "../models/schedule.js";
import { Channel, LOUDEST } from "./channel.js";
import { Sound } from "./sound.js";

/** What a room waits for may take so long to come; what is only to be played next has time. */
const PATIENCE_MS = 6_000;
const PATIENCE_AHEAD_MS = 20_000;
/** How often to look whether the clock can be trusted yet. */
const LOOK_MS = 20;
/** So long before the end nothing is nudged: what follows was told when this ends. */
const CALM_S = 3;
/** A track that has come so close to the end of its line ends by itself. */
const ENDING_MS = 20;

/** @implements {import("./player.js").Player} */
export class WebAudioPlayer {
  name = "webaudio";
  tell = () => {};
  #track = null;
  #loading = new AbortController();
  /** @type {AudioBuffer | null} */
  #buffer = null;
  /** @type {Channel | null} */
  #channel = null;
  /** @type {Sound | null} */
  #sound = null;
  /** @type {Schedule | null} */
  #schedule = null;
  #playback = null;
  #place = 0;
  /** Whether the last sound was told to begin when that was over: it sounds, but later than it should. */
  #late = false;
  #law = newLaw();
  #seeks = 0;
  #writes = 0;

  /**
   * @param {{output: import("./output.js").Output, buffers: import("./buffers.js").Buffers,
   *   clock: import("../client/clock.js").RoomClock, set?: (run: () => void, ms: number) => any}} parts
   */
  constructor({ output, buffers, clock, set = (run, ms) => setTimeout(run, ms) }) {
    Object.assign(this, { output, buffers, clock, set });
  }

  /** What is heard at this moment. */
  get position() {
    return this.#schedule ? this.#schedule.positionAt(this.#heard()) : this.#place;
  }

  get ready() {
    return this.#buffer !== null;
  }

  /** How loud the current track is played: 1 leaves it as it is. */
  get loudness() {
    return this.#channel?.level ?? 1;
  }

  load(track, { ahead = false } = {}) {
    this.unload();
    this.#track = track;
    const { signal } = this.#loading;
    const decoded = this.buffers.get(track, { patience: ahead ? PATIENCE_AHEAD_MS : PATIENCE_MS, signal });
    // Asked for first: the first AudioContext of a page takes 50 ms to make, in which the file is already on its way.
    this.output.wake();
    this.#channel ??= new Channel(this.output.context);
    decoded.then((buffer) => {
      if (signal.aborted) return;
      this.#buffer = buffer;
      this.tell(buffer ? { type: "loaded", duration_ms: buffer.duration * 1_000 } : { type: "failed" });
    });
  }

  unload() {
    this.#loading.abort();
    this.#loading = new AbortController();
    if (this.#isEnding()) this.#sound = null;
    this.stand(0);
    this.#track = this.#buffer = null;
  }

  stand(position) {
    this.#silence();
    this.#place = position;
    this.output.release(this);
  }

  async start({ playback, trim, overtaken }) {
    this.#silence();
    this.#place = playback.position;
    while (!this.clock.ready && !overtaken()) await new Promise((resolve) => this.set(resolve, LOOK_MS));
    const state = await this.output.awake(overtaken);
    if (overtaken()) return "overtaken";
    if (state !== "running") {
      this.output.release(this);
      return state;
    }
    return this.#begin(playback, trim) ? "started" : "over";
  }

  /** The next tick sees it. */
  setRate() {}

  tick(expected, rate) {
    if (!this.output.running) return "interrupted";
    if (this.output.stuck) return "busy";
    const heard = this.#heard();
    if (heard < this.#schedule.from || this.clock.now() < this.#playback.as_of) return "fine";
    const ref = Math.max(heard, this.#schedule.straightFrom);
    if (ref < this.#schedule.endAt) this.#steer(this.#lineAt(expected, rate), ref, rate);
    else if (heard >= this.#schedule.endAt && this.clock.now() >= this.#roomEnd()) return "over";
    return "fine";
  }

  level({ volume, muted, even }) {
    if (this.#channel) this.#channel.level = muted ? 0 : amplified(volume, even ? this.#track?.gain_db : null, LOUDEST);
  }

  effort() {
    const correction = this.#schedule ? this.#schedule.rateAt(this.#heard()) / this.#playback.rate - 1 : 0;
    return { correction, seeks: this.#seeks, writes: this.#writes };
  }

  unlock() {
    this.output.wake();
  }

  #heard() {
    return this.output.clock.contextAt(this.clock.local());
  }

  /** Where the track ends in the room: an entry that was said to be shorter than its file ends there. */
  get #end() {
    return Math.min(this.#buffer.duration * 1_000, this.#track.duration_ms ?? Infinity);
  }

  #roomEnd() {
    return this.#playback.as_of + (this.#end - this.#playback.position) / this.#playback.rate;
  }

  /** Whether the room's line has come to its end: what is left was meant to be heard, and nothing comes after. */
  #isEnding() {
    return this.#sound !== null && this.clock.now() >= this.#roomEnd() - ENDING_MS;
  }

  /** Where the line will be when a context time is heard. */
  #lineAt(expected, rate) {
    const local = this.clock.local();
    const now = expected();
    return (context) => now + rate * (this.output.clock.localAt(context) - local);
  }

  #begin(playback, trim) {
    const ahead = this.clock.now() - this.clock.local();
    const due = this.output.clock.contextAt(playback.as_of - trim / playback.rate - ahead);
    const exact = due >= this.output.soonest;
    const at = this.output.onSample(exact ? this.output.joint(due, this) : this.output.soon);
    const place = playback.position + (exact ? 0 : (at - due) * 1_000 * playback.rate);
    if (place >= this.#end) return false;
    this.#playback = playback;
    this.#law = newLaw();
    this.#schedule = new Schedule({ at, position: place, rate: playback.rate }, this.#end);
    this.#play(at, place, !exact || place > 0);
    return true;
  }

  #play(at, place, fade) {
    const from = this.output.onSample(place / 1_000);
    const { rate } = this.#playback;
    this.#sound = new Sound(this.#buffer, this.#channel.input, { at, from, rate, lasts: this.#end / 1_000 - from, fade });
    this.#late = this.output.context.currentTime > at;
    this.output.hold(this, this.#schedule.endAt);
  }

  #steer(lineAt, ref, rate) {
    if (this.#late || rate !== this.#playback.rate) {
      this.#playback = { ...this.#playback, rate, position: lineAt(this.#heard()), as_of: this.clock.now() };
      this.#jump(lineAt);
      return;
    }
    const { law, action } = step(this.#law, {
      now: this.clock.local(),
      error: lineAt(ref) - this.#schedule.positionAt(ref),
      base: rate,
      sample: 1_000 / this.output.context.sampleRate,
      calm: ref > this.#schedule.endAt - CALM_S,
    });
    this.#law = law;
    if (action.type === "nudge") this.#nudge(action.gain);
    if (action.type === "jump") this.#jump(lineAt);
  }

  #nudge(gain) {
    const at = this.output.onEdge(Math.max(this.output.soonest, this.#schedule.straightFrom));
    const lasts = this.output.onEdge(NUDGE_MS / 1_000);
    const rate = this.#schedule.nudge(at, lasts, gain);
    this.#sound.nudge(at, lasts, rate, this.#playback.rate);
    this.#writes += 2;
    this.output.hold(this, this.#schedule.endAt);
  }

  /** Goes on at the right place, in a moment. */
  #jump(lineAt) {
    const soon = this.output.onSample(this.output.soon);
    const early = Math.max(0, -lineAt(soon)) / 1_000 / this.#playback.rate;
    const at = this.output.onSample(soon + early);
    const place = Math.max(0, lineAt(at));
    this.#sound.end(at);
    this.#seeks += 1;
    this.#schedule.jump({ at, position: Math.min(place, this.#schedule.end), rate: this.#playback.rate });
    if (place < this.#schedule.end) this.#play(at, place, true);
  }

  #silence() {
    this.#sound?.end(this.output.soonest);
    this.#sound = null;
    this.#schedule = null;
  }
}
