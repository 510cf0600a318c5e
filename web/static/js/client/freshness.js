/**
 * A connection is good for as long as its token is. A fresh one is fetched and told in time, so that nobody is cut off in
 * the middle of a song; where that fails, the server closes, and the connection comes back with a new one.
 */

/** This long before the token runs out, or after half its life where that is later. */
const BEFORE_MS = 60_000;
/** Browsers take no longer timers than 24.8 days. */
const LONGEST_MS = 2 ** 31 - 1;

export class Freshness {
  #timer = null;

  /**
   * @param {{renewToken: () => Promise<boolean>, tell: () => void, timers?: {set: (run: () => void, ms: number) => any, clear: (id: any) => void}}} parts
   *   `tell` sends the token that there is now
   */
  constructor({ renewToken, tell, timers = { set: (run, ms) => setTimeout(run, ms), clear: (id) => clearTimeout(id) } }) {
    this.renewToken = renewToken;
    this.tell = tell;
    this.timers = timers;
  }

  /** The server takes the token for so many milliseconds more. */
  goodFor(ms) {
    this.stop();
    if (ms > 0) this.#timer = this.timers.set(() => this.#renew(), Math.min(LONGEST_MS, Math.max(ms / 2, ms - BEFORE_MS)));
  }

  stop() {
    this.timers.clear(this.#timer);
    this.#timer = null;
  }

  async #renew() {
    this.#timer = null;
    if (await this.renewToken().catch(() => false)) this.tell();
  }
}
