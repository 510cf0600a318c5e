/**
 * Music files on the audio thread: decoded as a whole and scheduled on the sample, so that what leaves the speakers is on
 * the room's line from the first moment on, whatever the page's own timers do. Another rate changes the pitch, as it does
 * with the media element here. Where only a part of the track is decoded yet, that is played, and the rest follows on it.
 */
import { positionAt } from "../client/room.js";
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
/** A part is worth starting with when so much of it is left. */
const WORTH_MS = 1_000;

/** @typedef {import("./player.js").Player} Player */

/** @implements {Player} */
export class WebAudioPlayer {
  name = "webaudio";
  /** @type {Player["tell"]} */
  tell = () => {};
  #track = null;
  #loading = new AbortController();
  /** What there is of the track by now. @type {import("./buffers.js").Part | null} */
  #part = null;
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
    this.output = output;
    this.buffers = buffers;
    this.clock = clock;
    this.set = set;
  }

  /** What is heard at this moment. */
  get position() {
    return this.#schedule ? this.#schedule.positionAt(this.#heard()) : this.#place;
  }

  get ready() {
    return this.#part !== null;
  }

  /** How loud the current track is played: 1 leaves it as it is. */
  get loudness() {
    return this.#channel?.level ?? 1;
  }

  load(track, { ahead = false } = {}) {
    this.unload();
    this.#track = track;
    const { signal } = this.#loading;
    const at = () => (track.playback ? positionAt(track.playback, this.clock.now()) : 0);
    const take = (part) => signal.aborted || this.#have(part);
    const patience = ahead ? PATIENCE_AHEAD_MS : PATIENCE_MS;
    const loaded = this.buffers.get(track, { patience, signal, take, ...(!ahead && { at }) });
    // Asked for first: the first AudioContext of a page takes 50 ms to make, in which the file is already on its way.
    this.output.wake();
    this.#channel ??= new Channel(this.output.context);
    loaded.then((is) => is || signal.aborted || this.tell({ type: "failed" }));
  }

  unload() {
    this.#loading.abort();
    this.#loading = new AbortController();
    if (this.#isEnding()) this.#sound = null;
    this.stand(0);
    this.#track = this.#part = null;
  }

  stand(position) {
    this.#silence();
    this.#place = position;
    this.output.release(this);
  }

  async start({ playback, trim, overtaken }) {
    this.#silence();
    this.#place = playback.position;
    const there = () => this.clock.ready && this.#covers(positionAt(playback, this.clock.now()));
    // First whether it is still wanted: meanwhile the track may have been taken out.
    while (!overtaken() && !there()) await /** @type {Promise<void>} */ (new Promise((resolve) => this.set(resolve, LOOK_MS)));
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
    if (!this.#covers(this.#schedule.positionAt(heard), 0)) return "busy";
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

  /** More of the track is there: what sounds goes over to it, sample for sample. */
  #have(part) {
    const first = this.#part === null;
    this.#part = part;
    const duration_ms = part.whole ? part.buffer.duration * 1_000 : null;
    if (first) this.tell({ type: "loaded", duration_ms });
    else {
      this.tell({ type: "measured", duration_ms });
      this.#goOver();
    }
  }

  #goOver() {
    if (!this.#sound) return;
    this.#schedule.end = this.#end;
    const at = Math.max(this.#schedule.from, this.output.onSample(this.output.soonest));
    const place = this.#schedule.positionAt(at);
    this.#goOn(at, place, place > 0);
  }

  /** Whether there is what sounds at a place, and for a while after it. */
  #covers(place, worth = WORTH_MS) {
    const { whole, from, buffer } = this.#part;
    return whole || (place >= from && place + worth <= from + buffer.duration * 1_000);
  }

  #heard() {
    return this.output.clock.contextAt(this.clock.local());
  }

  /** Where the track ends in the room: an entry that was said to be shorter than its file ends there. */
  get #end() {
    const { whole, buffer } = this.#part;
    return Math.min(whole ? buffer.duration * 1_000 : Infinity, this.#track.duration_ms ?? Infinity);
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
    const { buffer, from: begin } = this.#part;
    const from = this.output.onSample((place - begin) / 1_000);
    const lasts = Math.min(buffer.duration, (this.#end - begin) / 1_000) - from;
    const { rate } = this.#playback;
    this.#sound = new Sound(buffer, this.#channel.input, { at, from, rate, lasts, fade });
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
    this.#seeks += 1;
    this.#goOn(at, Math.max(0, lineAt(at)), true);
  }

  /** From a context time on the sound is that of a place. */
  #goOn(at, place, fade) {
    this.#sound.end(at);
    this.#schedule.jump({ at, position: Math.min(place, this.#schedule.end), rate: this.#playback.rate });
    if (place < this.#schedule.end && this.#covers(place, 0)) this.#play(at, place, fade);
  }

  #silence() {
    this.#sound?.end(this.output.soonest);
    this.#sound = null;
    this.#schedule = null;
  }
}
