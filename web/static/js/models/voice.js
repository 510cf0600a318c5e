/**
 * One media element, reduced to what keeping time needs: positions in milliseconds, promises instead of events. It knows
 * nothing of rooms. Anything that has the properties of an HTMLMediaElement will do.
 */

/** HAVE_FUTURE_DATA: there is something to play beyond this very moment. */
const PLAYABLE = 3;

export class Voice {
  #url = "";

  /** @param {HTMLMediaElement} element */
  constructor(element) {
    this.element = element;
    // Keeping the pitch costs Chromium 20 ms of audible position each time the rate leaves 1; without it, nothing.
    element.preservesPitch = false;
    element.preload = "auto";
  }

  load(url) {
    this.#url = url;
    this.element.src = url;
    this.element.load();
  }

  unload() {
    if (!this.#url) return;
    this.#url = "";
    this.element.pause();
    this.element.removeAttribute("src");
    this.element.load();
  }

  get position() {
    return this.element.currentTime * 1_000;
  }

  /** Milliseconds; null while unknown, and for live streams, which have none. */
  get duration() {
    return Number.isFinite(this.element.duration) ? this.element.duration * 1_000 : null;
  }

  get paused() {
    return this.element.paused;
  }

  get ended() {
    return this.element.ended;
  }

  /** Whether a position read now means anything. */
  get busy() {
    return this.element.seeking || this.element.readyState < PLAYABLE;
  }

  setRate(rate) {
    this.element.playbackRate = rate;
  }

  pause() {
    this.element.pause();
  }

  /** @returns {Promise<void>} fails with NotAllowedError when the browser wants a gesture first */
  play() {
    return Promise.resolve(this.element.play());
  }

  /** What cannot be jumped in (a live stream, a server without ranges) plays on: a try would only start it anew. */
  jump(position) {
    const { seekable } = this.element;
    if (seekable && (seekable.length === 0 || seekable.end(seekable.length - 1) === 0)) return;
    this.element.currentTime = Math.max(0, position) / 1_000;
  }

  /** Resolves when the element could play from where it is. */
  ready() {
    return new Promise((resolve) => {
      const events = ["seeked", "canplay", "canplaythrough", "emptied"];
      const check = (event) => {
        if (this.busy && event?.type !== "emptied") return;
        for (const name of events) this.element.removeEventListener(name, check);
        resolve();
      };
      for (const name of events) this.element.addEventListener(name, check);
      check();
    });
  }
}
