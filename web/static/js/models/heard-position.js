/**
 * Where a player is whose position comes in messages, some four a second, each late by another while. By the time that it
 * is read, the player is at least as far as a message said and the time since then; of the latest messages the one that
 * says the farthest was the least late. Times and positions are milliseconds.
 */

/** Messages so old say nothing any more. */
const WINDOW_MS = 3_000;
/** Without a word for so long, it is not known to move. */
const SILENT_MS = 1_200;
/** It moves when it went at least so much of what it should have. */
const MOVES = 0.3;

export class HeardPosition {
  /** @type {{ms: number, at: number}[]} */
  #heard = [];
  #stood = 0;
  #rate = 1;
  #deafUntil = -Infinity;

  /** It was told to go there: what it said before, and says until `deafUntil`, is of another place. */
  moved(ms, deafUntil) {
    this.#heard = [];
    this.#stood = ms;
    this.#deafUntil = deafUntil;
  }

  hear(ms, now) {
    if (now < this.#deafUntil) return;
    const before = this.#heard.at(-1);
    if (before && ms < before.ms) this.#heard = [];
    this.#heard = [...this.#heard.filter((each) => now - each.at <= WINDOW_MS), { ms, at: now }];
    this.#stood = ms;
  }

  /** From now on it moves at another rate. */
  turned(rate, now) {
    if (this.#heard.length > 0) this.#heard = [{ ms: this.at(now), at: now }];
    this.#rate = rate;
  }

  /** Whether it was heard to move of late. */
  moving(now) {
    const recent = this.#heard.filter((each) => now - each.at <= SILENT_MS);
    if (recent.length < 2) return false;
    const [first, last] = [recent[0], recent.at(-1)];
    return last.ms - first.ms > MOVES * this.#rate * (last.at - first.at);
  }

  at(now) {
    if (this.#heard.length === 0) return this.#stood;
    return Math.max(...this.#heard.map((each) => each.ms + (now - each.at) * this.#rate));
  }
}
