/**
 * Live stations: there is no position and no way to jump, only what is on now. So it is never "on the line": it plays from
 * the live edge, connects anew after a break or a long stall, and never ends by itself.
 */
import { isLive } from "../models/elsewhere.js";
import { levelled } from "../models/level.js";

/** Standing for so long, what comes next is too old: it connects anew. */
const STALL_MS = 6_000;
/** Waits before it connects anew: the first, and at most; playing for so long makes them short again. */
const RETRY_MS = { first: 1_000, most: 30_000, calm: 20_000 };
/** HAVE_FUTURE_DATA: there is something to play beyond this very moment. */
const PLAYABLE = 3;
const LOOK_MS = 20;

/** @typedef {import("./player.js").Player} Player */

/** @implements {Player} */
export class LivePlayer {
  name = "live";
  /** @type {Player["tell"]} */
  tell = () => {};
  /** There is none. */
  position = null;
  /** Nobody gains by waiting for a station. */
  alone = true;
  #track = null;
  #tries = 0;
  /** Since when it plays without a break, and when it was last seen to move, and where. */
  #calmSince = 0;
  #movedAt = 0;
  #at = 0;
  /** When it connects anew; null while it is connected. */
  #retryAt = null;

  /**
   * @param {{element: HTMLMediaElement, clock: import("../client/clock.js").RoomClock, set?: (run: () => void, ms: number) => any}} parts
   */
  constructor({ element, clock, set = (run, ms) => setTimeout(run, ms) }) {
    this.element = element;
    this.clock = clock;
    this.set = set;
    element.preload = "auto";
  }

  /** @param {{source?: string, duration_ms?: number | null}} track */
  static takes(track) {
    return isLive(track);
  }

  get ready() {
    return this.#track !== null;
  }

  /** There is nothing to load ahead: it would be old by the time it is heard. */
  load(track) {
    this.#track = track;
    this.#hangUp();
    this.set(() => this.#track === track && this.tell({ type: "loaded", duration_ms: null }), 0);
  }

  unload() {
    this.#track = null;
    this.#hangUp();
  }

  stand() {
    this.#hangUp();
  }

  async start({ playback, overtaken }) {
    while (!this.clock.ready && !overtaken()) await this.#pass(LOOK_MS);
    if (overtaken()) return "overtaken";
    this.#tries = 0;
    this.#connect();
    await this.#pass(playback.as_of - this.clock.now());
    if (overtaken()) return "overtaken";
    try {
      await this.element.play();
    } catch (fault) {
      if (overtaken() || fault.name === "AbortError") return "overtaken";
      return fault.name === "NotAllowedError" ? "blocked" : "failed";
    }
    return overtaken() ? "overtaken" : "started";
  }

  setRate() {}

  /** @returns {"fine" | "busy" | "interrupted" | "over"} */
  tick() {
    const now = this.clock.local();
    if (this.#retryAt !== null) {
      if (now >= this.#retryAt) this.#tryAgain();
      return "busy";
    }
    if (this.element.error || this.element.ended) return this.#breakOff(now);
    if (this.element.paused) return "interrupted";
    if (this.element.currentTime !== this.#at) {
      this.#at = this.element.currentTime;
      this.#movedAt = now;
      if (now - this.#calmSince > RETRY_MS.calm) this.#tries = 0;
    } else if (now - this.#movedAt > STALL_MS) return this.#breakOff(now);
    return this.element.readyState < PLAYABLE ? "busy" : "fine";
  }

  level({ volume, muted }) {
    this.element.volume = levelled(volume, null);
    this.element.muted = muted;
  }

  effort() {
    return { correction: 0, seeks: 0, writes: 0 };
  }

  unlock() {
    this.#connect();
    this.element.play().then(() => this.element.pause(), () => {});
  }

  #connect() {
    this.#retryAt = null;
    this.#calmSince = this.#movedAt = this.clock.local();
    this.element.src = this.#track.url;
    this.element.load();
    this.#at = this.element.currentTime;
  }

  #hangUp() {
    this.#retryAt = null;
    if (!this.element.getAttribute("src")) return;
    this.element.pause();
    this.element.removeAttribute("src");
    this.element.load();
  }

  /** The stream broke: again in a while, longer each time. @returns {"busy"} */
  #breakOff(now) {
    this.#hangUp();
    this.#retryAt = now + Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** this.#tries);
    this.#tries += 1;
    return "busy";
  }

  #tryAgain() {
    this.#connect();
    // Whether it failed is seen at the next look.
    this.element.play().catch(() => {});
  }

  /** @returns {Promise<void>} */
  #pass(ms) {
    return new Promise((resolve) => this.set(resolve, Math.max(0, ms)));
  }
}
