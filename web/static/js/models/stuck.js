/**
 * A player that was to be heard by now, and neither comes nor fails. Its file was replaced or has grown: Chromium waits for
 * a part that the new one has not, without end and without an error, or believes that it was at the end. Loaded anew, it
 * finds what is there. Times are milliseconds of one clock that never goes back.
 */

/** A slow line may take a while. So each time more patience is had, until it is heard or another track comes. */
const PATIENCE_MS = 10_000;
const GROWTH = 2;

export class Stuck {
  #entry = null;
  #since = null;
  #patience = PATIENCE_MS;

  /**
   * One look at the player. Whether it is time to load the track anew.
   * @param {{now: number, entry: string | null, silent: boolean, heard: boolean}} look `silent`: it was to be heard by now;
   *   while it loads it is neither that nor `heard`
   * @returns {boolean}
   */
  look({ now, entry, silent, heard }) {
    if (entry !== this.#entry || heard) this.#patience = PATIENCE_MS;
    if (entry !== this.#entry || !silent) this.#since = null;
    this.#entry = entry;
    if (!silent) return false;
    this.#since ??= now;
    if (now - this.#since < this.#patience) return false;
    this.#since = null;
    this.#patience *= GROWTH;
    return true;
  }
}
