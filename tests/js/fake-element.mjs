/**
 * A media element on simulated time: play() takes `latency` ms to be heard, a jump while playing takes `jumpCost`; what it
 * plays is known after `loadMs`, and there after another `dataMs`.
 */
export class FakeElement extends EventTarget {
  paused = true;
  seeking = false;
  ended = false;
  readyState = 0;
  duration = NaN;
  src = "";
  refuses = null;
  volume = 1;
  muted = false;
  #at = 0;
  #since = 0;
  #rate = 1;

  constructor(timers, { latency = 80, jumpCost = 80, length = 200, loadMs = 30, dataMs = 0 } = {}) {
    super();
    Object.assign(this, { timers, latency, jumpCost, length, loadMs, dataMs });
  }

  load() {
    this.readyState = 0;
    this.#at = 0;
    this.paused = true;
    const { src } = this;
    this.dispatchEvent(new Event("emptied"));
    if (!src) return;
    this.timers.set(() => {
      if (this.src !== src) return false;
      if (src.includes("broken")) return this.dispatchEvent(new Event("error"));
      this.readyState = this.dataMs > 0 ? 1 : 4;
      this.timers.set(() => this.src === src && this.fill(), this.dataMs);
      this.duration = this.length;
      return this.dispatchEvent(new Event("loadedmetadata"));
    }, this.loadMs);
  }

  /** What is heard now: the place (ms) and how loud; null where nothing is. */
  heard() {
    if (this.paused || this.seeking || this.timers.now() < this.#since || this.muted || this.volume === 0) return null;
    return { place: this.currentTime * 1_000, volume: this.volume };
  }

  /** There is enough to play. */
  fill() {
    this.readyState = 4;
    this.dispatchEvent(new Event("canplay"));
  }

  /** Nothing more comes from the server. */
  runDry() {
    this.#at = this.currentTime;
    this.#since = Infinity;
    this.readyState = 2;
  }

  removeAttribute() {
    this.src = "";
  }

  get currentTime() {
    if (this.paused) return this.#at;
    return this.#at + (Math.max(0, this.timers.now() - this.#since) * this.#rate) / 1_000;
  }

  set currentTime(seconds) {
    this.#at = seconds;
    this.#since = this.timers.now() + this.jumpCost;
    this.seeking = true;
    this.timers.set(() => {
      this.seeking = false;
      this.dispatchEvent(new Event("seeked"));
    }, 4);
  }

  get playbackRate() {
    return this.#rate;
  }

  set playbackRate(rate) {
    this.#at = this.currentTime;
    this.#since = Math.max(this.#since, this.timers.now());
    this.#rate = rate;
  }

  async play() {
    if (this.refuses) throw Object.assign(new Error("no"), { name: this.refuses });
    this.paused = false;
    this.#since = this.timers.now() + this.latency;
  }

  pause() {
    this.#at = this.currentTime;
    this.paused = true;
  }
}
