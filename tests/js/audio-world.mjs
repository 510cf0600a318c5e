/** An AudioContext on simulated time, of which it is known what comes out of the speakers at every instant. */
import { Deck } from "../../web/static/js/models/deck.js";
import { Buffers } from "../../web/static/js/players/buffers.js";
import { Output } from "../../web/static/js/players/output.js";
import { WebAudioPlayer } from "../../web/static/js/players/webaudio.js";
import { FakeTimers, dice, settle } from "./support.mjs";

/** Samples rendered at a time; a rate changes at the edge of such a block. */
const BLOCK = 128;

class Param {
  events = [];

  constructor(context, value) {
    this.context = context;
    this.value = value;
  }

  setValueAtTime(value, at) {
    this.events.push({ at, value });
  }

  linearRampToValueAtTime(value, at) {
    this.events.push({ at, value, ramp: true });
  }

  setTargetAtTime(value, at) {
    this.events.push({ at, value });
    this.value = value;
  }

  at(context) {
    let before = { at: -Infinity, value: this.value };
    for (const event of this.events) {
      if (event.at > context) {
        if (!event.ramp) return before.value;
        return before.value + ((event.value - before.value) * (context - before.at)) / (event.at - before.at);
      }
      before = event;
    }
    return before.value;
  }
}

class Node {
  cutAt = Infinity;

  constructor(context) {
    this.context = context;
  }

  connect(into) {
    this.into = into;
    return into;
  }

  disconnect() {
    this.cutAt = Math.min(this.cutAt, this.context.currentTime);
  }
}

class Gain extends Node {
  gain = new Param(this.context, 1);
}

class Source extends Node {
  playbackRate = new Param(this.context, 1);
  stopAt = Infinity;

  start(when, offset, lasts) {
    this.context.timers.pass(this.context.startCost);
    this.context.startCost = 0;
    // What was asked for too late begins late.
    Object.assign(this, { when: Math.max(when, this.context.currentTime), offset, lasts, asked: when });
    this.context.sources.push(this);
  }

  stop(at = 0) {
    this.stopAt = Math.max(at, this.context.currentTime);
  }

  /** The place in the buffer (s) that sounds at this context time; null when none does. */
  placeAt(context) {
    if (context < this.when || context >= Math.min(this.stopAt, this.into.cutAt)) return null;
    const { sampleRate } = this.context;
    let { offset: place } = this;
    let from = this.when;
    let rate = this.playbackRate.value;
    for (const event of this.playbackRate.events) {
      const at = (Math.ceil((event.at * sampleRate) / BLOCK) * BLOCK) / sampleRate;
      if (at > context) break;
      place += (at - from) * rate;
      [from, rate] = [at, Math.fround(event.value)];
    }
    place += (context - from) * rate;
    return place < this.offset + this.lasts && place < this.buffer.duration ? place + this.buffer.base : null;
  }
}

export class FakeContext extends EventTarget {
  state = "suspended";
  destination = new Node(this);
  sources = [];
  sampleRate = 48_000;
  baseLatency = 0.02;
  blocked = false;
  silentStamps = false;
  /** Milliseconds for which the page stands still while it starts the next sound. */
  startCost = 0;
  /** `base`: where in the track what was decoded begins (s); `takes`: ms */
  decode = () => ({ seconds: 200 });
  #before = 0;
  #since = 0;

  /** `ppm`: how much faster its clock runs; `latency`: ms between rendering and the ear; `jitter`: ms of its answers */
  constructor(timers, { ppm = 0, latency = 40, jitter = 0, seed = 1 } = {}) {
    super();
    Object.assign(this, { timers, ppm, latency, jitter, dice: dice(seed) });
  }

  resume() {
    if (this.blocked) return new Promise(() => {});
    this.timers.set(() => this.become("running"), 30);
    return Promise.resolve();
  }

  suspend() {
    this.become("suspended");
    return Promise.resolve();
  }

  become(state) {
    if (state === this.state) return;
    if (this.state === "running") this.#before = this.#rendered(this.timers.now());
    this.#since = this.timers.now();
    this.state = state;
    this.dispatchEvent(new Event("statechange"));
  }

  /** Seconds rendered, in steps of the hardware's buffer. */
  get currentTime() {
    const rendered = this.#rendered(this.timers.now());
    return this.state === "running" ? Math.ceil(rendered / this.baseLatency) * this.baseLatency : rendered;
  }

  getOutputTimestamp() {
    if (this.silentStamps) return { contextTime: 0, performanceTime: 0 };
    const now = this.timers.now();
    return { contextTime: Math.max(0, this.heardAt(now) + ((this.dice() - 0.5) * 2 * this.jitter) / 1_000), performanceTime: now };
  }

  /** The context time that leaves the speakers at this local time. */
  heardAt(now) {
    return this.#rendered(now) - this.latency / 1_000;
  }

  createGain() {
    return new Gain(this);
  }

  createBufferSource() {
    return new Source(this);
  }

  createWaveShaper() {
    return new Node(this);
  }

  async decodeAudioData(bytes) {
    const { seconds, channels = 2, base = 0, takes = 0 } = this.decode(bytes);
    if (takes) await new Promise((resolve) => this.timers.set(resolve, takes));
    return { duration: seconds, length: seconds * this.sampleRate, numberOfChannels: channels, base };
  }

  /** What is heard now: every place (ms) and how loud. */
  heard() {
    const context = this.heardAt(this.timers.now());
    return this.sources
      .map((source) => ({ source, place: source.placeAt(context), volume: source.into.gain.at(context) }))
      .filter((each) => each.place !== null && each.volume > 0)
      .map((each) => ({ ...each, place: each.place * 1_000 }));
  }

  #rendered(now) {
    if (this.state !== "running") return this.#before;
    return this.#before + ((now - this.#since) / 1_000) * (1 + this.ppm * 1e-6);
  }
}

/** An answer of a server, in parts. */
export function answer({ bytes = 1_000, parts = 1, status = 200, wait = async () => {} } = {}) {
  let sent = 0;
  const reader = {
    async read() {
      await wait();
      sent += 1;
      return sent > parts ? { done: true } : { done: false, value: new Uint8Array(Math.ceil(bytes / parts)) };
    },
    cancel: async () => {},
  };
  const headers = new Headers({ "Content-Length": String(bytes), "Content-Type": "audio/mpeg" });
  return { ok: status === 200, headers, body: { getReader: () => reader } };
}

/** Room time is local time plus 1000. */
export const ROOM_AHEAD = 1_000;

/** `everyMs`: how often timers come to run; once a second in a hidden tab that is silent. */
export function world({ context: of = {}, fetch = async () => answer(), others = [], everyMs = 50, cut } = {}) {
  const timers = new FakeTimers();
  const clock = { ready: true, local: timers.now, now: () => timers.now() + ROOM_AHEAD };
  const context = new FakeContext(timers, of);
  const told = [];
  const late = (run, ms) => timers.set(run, everyMs > 50 ? Math.ceil((timers.now() + ms) / everyMs) * everyMs - timers.now() : ms);
  const output = new Output({ local: timers.now, make: () => context, set: late });
  const decode = (bytes) => context.decodeAudioData(bytes);
  const buffers = new Buffers({ decode, fetch, local: timers.now, origin: "http://box:8000", set: timers.set, cut });
  const players = [0, 1].map(() => new WebAudioPlayer({ output, buffers, clock, set: timers.set }));
  const deck = new Deck({
    choose: (track, busy) => [...(buffers.takes(track) ? players : []), ...others].filter((each) => each !== busy),
    clock,
    tell: (event) => told.push(event),
    set: timers.set,
  });
  const heard = [];
  /** Runs simulated time in steps of 10 ms, and notes what is heard at each. */
  const run = async (ms, stepMs = 10) => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      timers.pass(stepMs);
      await settle();
      if (Math.floor(timers.now() / everyMs) > Math.floor((timers.now() - stepMs) / everyMs)) deck.tick();
      heard.push({ room: timers.now() + ROOM_AHEAD, sounds: context.heard() });
    }
  };
  return { timers, clock, context, told, output, buffers, players, deck, run, heard };
}

export const track = (more = {}) => ({ entry: "a", url: "/media/a.mp3", duration_ms: 200_000, ...more });

export const line = (playback, more = {}) => ({
  ...track(more), playback: { entry: more.entry ?? "a", position: 0, rate: 1, playing: true, as_of: 0, ...playback },
});

/** How far what was heard is off a line, in ms, at each instant at which something was. */
export function offLine(heard, { position = 0, rate = 1, as_of }) {
  return heard.filter(({ sounds }) => sounds.length > 0).map(({ room, sounds }) => {
    const loudest = sounds.reduce((a, b) => (b.volume > a.volume ? b : a));
    return loudest.place - (position + rate * (room - as_of));
  });
}

export const worst = (values) => Math.max(...values.map(Math.abs));
