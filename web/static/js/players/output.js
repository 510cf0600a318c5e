/** The page's one AudioContext: woken in time, watched, let sleep, and asked what is heard when. */
import { OutputClock } from "../models/output-clock.js";
import { TICK_MS } from "../models/laws/law.js";

/** How often to look whether it runs; how long it may take, and then until it tells when it is heard. */
const LOOK_MS = 20;
const RESUME_MS = 1_000;
const STEADY_MS = 3_000;
/** So long after the last sound it is let sleep. */
const REST_MS = 60_000;
/** Anything meant for the audio thread is to be there before it renders: at least so many seconds. */
const MARGIN_S = 0.05;
const AHEAD_S = 0.1;
/** What begins within this (s) of the end of something begins exactly there. */
const JOINT_S = 0.005;
/** Web Audio renders so many samples at a time; rates change at their edges. */
const BLOCK = 128;

export class Output {
  /** @type {AudioContext | null} */
  context = null;
  clock = new OutputClock();
  #watching = false;
  /** Who sounds, or is about to, and at which context time that is over. @type {Map<object, number>} */
  #ends = new Map();
  #rests = 0;

  /**
   * @param {{local: () => number, anchor?: {follow: (sounding: boolean) => void}, make?: () => AudioContext,
   *   set?: (run: () => void, ms: number) => any}} parts
   */
  constructor({ local, anchor, make = () => new AudioContext({ latencyHint: "playback" }), set = (run, ms) => setTimeout(run, ms) }) {
    this.local = local;
    this.anchor = anchor;
    this.make = make;
    this.set = set;
  }

  get running() {
    return this.context?.state === "running";
  }

  /** Whether it runs, but time stands still in it: its device is gone. */
  get stuck() {
    return this.clock.stuck;
  }

  /** The soonest context time for which something can be planned, by a little and with time to spare. */
  get soonest() {
    return this.context.currentTime + Math.max(MARGIN_S, this.#batch * 1.5 + 0.01);
  }

  get soon() {
    return this.context.currentTime + Math.max(AHEAD_S, this.#batch * 1.5 + 0.04);
  }

  /** So many seconds are rendered at a time, where the browser says. */
  get #batch() {
    return this.context.baseLatency ?? 0;
  }

  /** Has it run, where that is allowed. To be called early: it takes some tens of milliseconds. */
  wake() {
    if (!this.context) {
      this.context = this.make();
      this.context.addEventListener("statechange", () => this.#changed());
    }
    // Without a gesture browsers refuse, or never answer; `awake` finds out.
    if (!this.running) this.context.resume().catch(() => {});
    this.#restLater();
    this.#changed();
  }

  /** @param {() => boolean} overtaken @returns {Promise<"running" | "blocked" | "failed" | "overtaken">} */
  async awake(overtaken) {
    this.wake();
    for (let waited = 0; !overtaken(); waited += LOOK_MS) {
      if (this.running) this.#look();
      if (this.running && this.clock.ready) return "running";
      if (!this.running && waited >= RESUME_MS) return "blocked";
      if (waited >= STEADY_MS) return "failed";
      await /** @type {Promise<void>} */ (new Promise((resolve) => this.set(resolve, LOOK_MS)));
    }
    return "overtaken";
  }

  /** Somebody sounds until `end`. */
  hold(somebody, end) {
    if (!this.#ends.has(somebody)) this.anchor?.follow(true);
    this.#ends.set(somebody, end);
  }

  release(somebody) {
    if (!this.#ends.delete(somebody)) return;
    if (this.#ends.size === 0) this.anchor?.follow(false);
    this.#restLater();
  }

  /** `at`, or the end of another's sound when that is as good as the same: the two then meet to the sample. */
  joint(at, somebody) {
    for (const [other, end] of this.#ends) if (other !== somebody && Math.abs(end - at) < JOINT_S) return end;
    return at;
  }

  /** The nearest sample; and the next edge at which rates change. */
  onSample(seconds) {
    return Math.round(seconds * this.context.sampleRate) / this.context.sampleRate;
  }

  onEdge(seconds) {
    return (Math.ceil((seconds * this.context.sampleRate) / BLOCK) * BLOCK) / this.context.sampleRate;
  }

  /** While it stood, its time stood: what was known of it is void. */
  #changed() {
    if (!this.running) this.clock.reset();
    else if (!this.#watching) this.#watch();
  }

  #watch() {
    this.#watching = this.running;
    if (!this.running) return;
    this.#look();
    this.set(() => this.#watch(), TICK_MS);
  }

  #look() {
    const { context } = this;
    const stamp = context.getOutputTimestamp?.();
    this.clock.add({ now: this.local(), current: context.currentTime, stamp, output: context.outputLatency });
  }

  #restLater() {
    const turn = (this.#rests += 1);
    this.set(() => turn === this.#rests && this.#ends.size === 0 && this.running && this.context.suspend(), REST_MS);
  }
}
