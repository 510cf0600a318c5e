/**
 * Videos on YouTube, in YouTube's own player. It knows a few rates only and says four times a second where it is, so it is
 * kept to some 100 ms and not to one (`models/laws/coarse.js`). Nothing is asked of YouTube before the person agreed once.
 */
import { positionAt } from "../client/room.js";
import { HeardPosition } from "../models/heard-position.js";
import { learned, newLaw, settled, step } from "../models/laws/coarse.js";
import { YouTubeFrame } from "./youtube-frame.js";

const UNSTARTED = -1;
const ENDED = 0;
const PLAYING = 1;
const PAUSED = 2;
const BUFFERING = 3;
/** How long it takes from "play" until it moves: loaded for the first time, and once it had moved. Learned from each start. */
const FIRST_LATENCY_MS = { fresh: 700, warm: 250 };
const LATENCY_LEARNED = 0.4;
const LATENCY_MAX_MS = 3_000;
/** So long after it was told to go somewhere, its messages are about where it was. */
const DEAF_MS = 400;
/** It pauses for a moment between a jump and what follows it; longer, and somebody paused it. */
const PAUSE_MS = 800;
/** How long a start may take before somebody has to look why. */
const PATIENCE_MS = 4_000;
const LOOK_MS = 50;

/** @typedef {import("./player.js").Player} Player */

/** @implements {Player} */
export class YouTubePlayer {
  name = "youtube";
  /** @type {Player["tell"]} */
  tell = () => {};
  effort = () => this.#effort;
  #track = null;
  #frame;
  #state = UNSTARTED;
  #stateAt = 0;
  #facts = { duration: null, rates: [1], live: false };
  #where = new HeardPosition();
  #latency = { ...FIRST_LATENCY_MS };
  /** Whether this video has moved yet; from "cued", YouTube plays when it is told to go anywhere. */
  #warm = false;
  #blocked = false;
  /** Whether the deck knows that it is loaded. */
  #told = false;
  /** Whether it is to stand still. */
  #stands = true;
  #law = null;
  #known = {};
  #start = null;
  #level = { volume: 1, muted: false };
  #effort = { correction: 0, seeks: 0, writes: 0 };

  /**
   * @param {{mount: HTMLElement, clock: import("../client/clock.js").RoomClock, preferences: import("../models/preferences.js").Preferences,
   *   set?: (run: () => void, ms: number) => any, host?: Window}} parts `mount` holds `.embed-ask`, with a button to agree
   */
  constructor({ mount, clock, preferences, set = (run, ms) => setTimeout(run, ms), host = window }) {
    this.clock = clock;
    this.preferences = preferences;
    this.set = set;
    this.host = host;
    /** @type {HTMLElement} */
    this.ask = mount.querySelector(".embed-ask");
    this.#frame = new YouTubeFrame({ mount, host, set });
    this.#frame.tell = (event) => this.#track && this.#hear(event);
    this.ask.querySelector("button").addEventListener("click", () => this.#agree());
  }

  /** @param {import("./player.js").Track} track */
  static takes(track) {
    return /^youtube:[A-Za-z0-9_-]{11}$/.test(track.source ?? "");
  }

  /** Null for a live stream, whose place is where it is. */
  get position() {
    return this.#facts.live ? null : this.#where.at(this.clock.local());
  }

  get ready() {
    return this.#track !== null && this.#told && !this.#asks;
  }

  /** An advertisement is nobody else's affair; a network that is too slow may be. */
  get alone() {
    return this.#state !== BUFFERING;
  }

  get #asks() {
    return !this.preferences.all.youtube;
  }

  load(track) {
    this.#track = track;
    this.#state = UNSTARTED;
    this.#facts = { duration: null, rates: [1], live: false };
    this.#warm = this.#told = false;
    this.#stands = true;
    this.#law = null;
    this.#where.moved(0, this.clock.local() + DEAF_MS);
    this.ask.hidden = !this.#asks;
    // Nothing to load until then; the deck is told so, and that sound is missing is seen when it starts.
    if (this.#asks) this.set(() => this.#track === track && this.#asks && this.#loaded(), 0);
    else this.#open();
  }

  unload() {
    this.#track = null;
    this.ask.hidden = true;
    this.#frame.close();
  }

  stand(position) {
    this.#start = this.#law = null;
    this.#stands = true;
    if (this.#state === ENDED) this.#warm = false;
    this.#where.moved(position, this.clock.local() + DEAF_MS);
    this.#frame.command("pauseVideo");
    if (this.#warm) this.#frame.command("seekTo", position / 1_000, true);
  }

  async start({ playback, trim, overtaken }) {
    if (this.#asks) return "blocked";
    const { local } = this.clock;
    while ((!this.clock.ready || !this.#frame.ready) && !overtaken()) await this.#pass(LOOK_MS);
    if (overtaken()) return "overtaken";
    const kind = this.#warm ? "warm" : "fresh";
    const at = Math.max(playback.as_of, this.clock.now() + this.#latency[kind]);
    const position = Math.max(0, positionAt(playback, at) + trim);
    if (!this.#facts.live && position >= (this.#facts.duration ?? Infinity)) return "over";
    this.stand(position);
    await this.#pass(at - this.#latency[kind] - this.clock.now());
    if (overtaken()) return "overtaken";
    this.#go(position, playback.rate, kind);
    const until = local() + PATIENCE_MS;
    while (this.#state !== PLAYING && !this.#blocked && local() < until && !overtaken()) await this.#pass(LOOK_MS);
    if (overtaken()) return "overtaken";
    // An advertisement, or a slow network: it will come, and meanwhile it is busy.
    return this.#state === PLAYING || this.#mayPlay() ? "started" : "blocked";
  }

  setRate(rate) {
    this.#law = null;
    this.#play(rate);
  }

  tick(expected, rate) {
    const now = this.clock.local();
    if (this.#state === ENDED) return "over";
    if (this.#state === PAUSED && now - this.#stateAt > PAUSE_MS) return "interrupted";
    if (this.#state !== PLAYING || !this.#where.moving(now)) {
      if (this.#law) this.#law = settled(this.#law, now, this.#law.landing);
      return "busy";
    }
    this.#warm = true;
    if (!this.#facts.live) this.#steer(expected, now, rate);
    return "fine";
  }

  level({ volume, muted }) {
    this.#level = { volume, muted };
    this.#frame.command("setVolume", Math.round(volume * 100));
    this.#frame.command(muted ? "mute" : "unMute");
  }

  /** A gesture on this page counts for the frame in it. */
  unlock() {
    this.#blocked = false;
  }

  #agree() {
    this.preferences.set({ youtube: true });
    this.ask.hidden = true;
    if (this.#track) this.#open();
  }

  /** Loads the video: into the player that is there, or with a new one. */
  #open() {
    const video = this.#track.source.slice("youtube:".length);
    this.#told = false;
    this.#blocked = false;
    if (!this.#frame.ready) this.#frame.show(video);
    else {
      this.#frame.command("cueVideoById", { videoId: video, startSeconds: 0 });
      this.#loaded();
    }
  }

  #loaded() {
    this.#told = true;
    this.level(this.#level);
    this.tell({ type: "loaded", duration_ms: this.#facts.live ? null : this.#facts.duration });
  }

  #hear(event) {
    const takes = {
      ready: () => this.#loaded(),
      blocked: () => (this.#blocked = true),
      failed: () => this.tell({ type: "failed" }),
      state: ({ state }) => this.#turn(state),
      info: ({ info }) => this.#learn(info),
    };
    takes[event.type](event);
  }

  #turn(state) {
    // Somebody pressed it, or it took a jump for a wish to play.
    if (state === PLAYING && this.#stands) this.#frame.command("pauseVideo");
    if (state === this.#state) return;
    this.#state = state;
    this.#stateAt = this.clock.local();
  }

  #learn({ position, duration, rates, live }) {
    if (position !== undefined) this.#where.hear(position, this.clock.local());
    const measured = duration !== undefined && this.#facts.duration === null && this.#told;
    this.#facts = {
      duration: duration ?? this.#facts.duration,
      rates: rates ?? this.#facts.rates,
      live: live ?? this.#facts.live,
    };
    // Some say how long they are only once they play.
    if (measured && !this.#facts.live) this.tell({ type: "measured", duration_ms: duration });
  }

  #go(position, rate, kind) {
    const now = this.clock.local();
    this.#law = null;
    this.#start = kind;
    this.#stands = this.#blocked = false;
    this.#where.moved(position, now + DEAF_MS);
    if (!this.#warm && !this.#facts.live) this.#frame.command("seekTo", position / 1_000, true);
    this.#frame.command("playVideo");
    this.#play(rate);
  }

  /** At the rate nearest to the one that is wanted. */
  #play(rate) {
    const { rates } = this.#facts;
    const near = rates.reduce((best, each) => (Math.abs(each - rate) < Math.abs(best - rate) ? each : best), rates[0] ?? 1);
    this.#frame.command("setPlaybackRate", near);
    this.#where.turned(near, this.clock.local());
  }

  #steer(expected, now, base) {
    const error = expected() - this.position;
    this.#law ??= newLaw(now, { ...this.#known, rates: this.#facts.rates });
    const { law, action } = step(this.#law, { now, error, base });
    // The first reading that counts tells how long the start took.
    if (this.#start && now >= law.notBefore) this.#learnStart(error / base);
    this.#law = law;
    this.#known = learned(law);
    const { seeks, writes } = this.#effort;
    if (action.type === "rate") {
      this.#play(base * (1 + action.correction));
      this.#effort = { correction: action.correction, seeks, writes: writes + 1 };
    }
    if (action.type === "seek") {
      this.#effort = { correction: 0, seeks: seeks + 1, writes };
      const position = Math.max(0, expected() + action.lead * base);
      this.#frame.command("seekTo", position / 1_000, true);
      this.#where.moved(position, now + DEAF_MS);
    }
  }

  #learnStart(miss) {
    const kind = this.#start;
    this.#start = null;
    if (Math.abs(miss) > LATENCY_MAX_MS) return;
    const latency = this.#latency[kind] + LATENCY_LEARNED * miss;
    this.#latency[kind] = Math.max(0, Math.min(LATENCY_MAX_MS, latency));
  }

  #mayPlay() {
    return !this.#blocked && (this.host.navigator.userActivation?.hasBeenActive ?? true);
  }

  /** @returns {Promise<void>} */
  #pass(ms) {
    return new Promise((resolve) => this.set(resolve, Math.max(0, ms)));
  }
}
