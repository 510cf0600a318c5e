/**
 * Keeps what is heard on the room's line. It is told which line to follow and never moves the room; it loads, cues, starts
 * at the agreed instant, joins late, recovers from stalls, and says when it cannot.
 *
 * @typedef {{entry: string, url: string, kind?: string, playback: import("../client/room.js").Playback}} Line
 * @typedef {"idle" | "loading" | "still" | "cued" | "running" | "over" | "blocked" | "failed"} Mode
 */
import { positionAt } from "../client/room.js";
import { WATCH_MS, cue, watchUntil } from "./cue.js";

/** A line that meets the one before within this is the same line to the ear: the law carries it over. */
const SEAMLESS_MS = 20;
/** A player that was stopped from outside is started again so often, within so long; then it is asked for. */
const RESTARTS = 3;
const RESTARTS_WITHIN_MS = 10_000;
/** Waits before a track that did not load is tried again. */
const RELOADS_MS = [1_500, 5_000];
/** How often to look whether the clock can be trusted yet. */
const LOOK_MS = 20;

export class Deck {
  /** @type {Mode} */
  mode = "idle";
  /** Milliseconds by which this device's speakers are late; it plays so much ahead. */
  trim = 0;
  /** @type {Line | null} */
  #line = null;
  #turn = 0;
  #restarts = [];
  #reloads = 0;

  /**
   * @param {{voices: Record<"audio" | "video", import("./voice.js").Voice>, clock: import("../client/clock.js").RoomClock,
   *   pilot: import("./pilot.js").Pilot, tell: (event: {type: string, [more: string]: any}) => void,
   *   set?: (run: () => void, ms: number) => any}} parts
   */
  constructor({ voices, clock, pilot, tell, set = (run, ms) => setTimeout(run, ms) }) {
    Object.assign(this, { voices, clock, pilot, tell, set });
    this.voice = voices.audio;
    for (const voice of Object.values(voices)) this.#hear(voice);
  }

  /** @param {Line | null} line */
  follow(line) {
    const before = this.#line;
    this.#line = line;
    if (!line) this.#silence();
    else if (before?.entry !== line.entry || before.url !== line.url || this.mode === "failed") this.#load();
    else if (this.mode !== "loading" && !this.#continues(before.playback, line.playback)) this.#align();
  }

  /** Where the room is, in milliseconds into the track; null when nothing plays. */
  expectedPosition() {
    return this.#line && positionAt(this.#line.playback, this.clock.now());
  }

  /** Where this device is. */
  actualPosition() {
    return this.#line && this.voice.position;
  }

  /** Finds its place anew: a tab came back, or somebody asked. Called in a gesture, it also unlocks the sound. */
  resume() {
    this.#restarts = [];
    if (!this.#line || this.mode === "loading" || this.mode === "running") return;
    if (this.mode === "blocked") this.voice.play().catch(() => {});
    if (this.mode === "failed") this.#load();
    else this.#align();
  }

  /** To be called every 50 ms (TICK_MS of the law). */
  tick() {
    if (this.mode !== "running") return;
    if (this.voice.ended) this.#over();
    else if (this.voice.paused) this.#interrupted();
    else if (this.voice.busy) this.pilot.wait();
    else this.pilot.steer(this.voice, () => this.expectedPosition() + this.trim, this.#line.playback.rate);
  }

  #continues(before, after) {
    if (before.playing !== after.playing) return false;
    const now = this.clock.now();
    const apart = Math.abs(positionAt(before, now) - positionAt(after, now));
    if (!after.playing) return apart === 0;
    const seamless = after.as_of <= now + SEAMLESS_MS && apart < SEAMLESS_MS && this.mode === "running";
    if (seamless && before.rate !== after.rate) {
      this.pilot.begin(this.voice.position);
      this.voice.setRate(after.rate);
    }
    return seamless;
  }

  #load() {
    this.#begin("loading");
    const kind = this.#line.kind === "video" ? "video" : "audio";
    if (this.voice !== this.voices[kind]) this.voice.unload();
    this.voice = this.voices[kind];
    this.#reloads = 0;
    this.voice.load(this.#line.url);
  }

  /** Brings the voice to the line, and starts it when the line moves. */
  async #align() {
    const { playback } = this.#line;
    const turn = this.#begin(playback.playing ? "cued" : "still");
    const overtaken = () => turn !== this.#turn;
    const now = () => this.clock.now();
    this.voice.pause();
    this.voice.setRate(playback.rate);
    if (!playback.playing) {
      this.voice.jump(playback.position);
      return;
    }
    while (!this.clock.ready && !overtaken()) await this.#pass(LOOK_MS);
    const start = await cue({ voice: this.voice, playback, now, latency: this.pilot.latency, trim: this.trim, overtaken });
    if (overtaken()) return;
    if (start === "over") {
      this.#over();
      return;
    }
    await this.#pass(start.at - WATCH_MS - now());
    if (overtaken()) return;
    watchUntil(start.at, now);
    this.#start(start.position, overtaken);
  }

  #start(position, overtaken) {
    this.pilot.begin(position);
    this.#change("running");
    this.voice.play().catch((fault) => {
      if (overtaken() || fault.name === "AbortError") return;
      if (fault.name === "NotAllowedError") this.#begin("blocked");
      else this.#failed();
    });
  }

  #interrupted() {
    const now = this.clock.local();
    this.#restarts = [...this.#restarts.filter((at) => now - at < RESTARTS_WITHIN_MS), now];
    if (this.#restarts.length > RESTARTS) this.#begin("blocked");
    else this.#align();
  }

  #over() {
    this.#begin("over");
    this.voice.pause();
    this.tell({ type: "ended", entry: this.#line.entry });
  }

  #silence() {
    for (const voice of Object.values(this.voices)) voice.unload();
    this.#begin("idle");
  }

  #failed() {
    const wait = RELOADS_MS[this.#reloads];
    this.#reloads += 1;
    if (wait === undefined) {
      this.#begin("failed");
      this.tell({ type: "failed", entry: this.#line.entry });
      return;
    }
    const turn = this.#begin("loading");
    this.set(() => turn === this.#turn && this.voice.load(this.#line.url), wait);
  }

  #hear(voice) {
    const current = () => voice === this.voice && this.#line !== null;
    voice.element.addEventListener("error", () => current() && this.#failed());
    voice.element.addEventListener("loadedmetadata", () => {
      if (!current()) return;
      if (voice.duration !== null) this.tell({ type: "measured", entry: this.#line.entry, duration_ms: voice.duration });
      this.#align();
    });
  }

  /** Whatever was under way is overtaken. */
  #begin(mode) {
    this.#turn += 1;
    this.#change(mode);
    return this.#turn;
  }

  #change(mode) {
    this.mode = mode;
    this.tell({ type: "mode", mode });
  }

  #pass(ms) {
    return new Promise((resolve) => this.set(resolve, Math.max(0, ms)));
  }
}
