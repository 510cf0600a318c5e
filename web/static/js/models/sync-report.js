/**
 * How well this device keeps to the room's line, from looks at its player: what is told the room, and what is drawn. It
 * knows no player, no clock and no socket. Times are milliseconds of one clock that never goes back; an error is how far
 * the player is behind the line, negative when it is ahead.
 *
 * @typedef {"idle" | "loading" | "still" | "playing" | "buffering" | "blocked" | "failed"} State
 * @typedef {{at: number, error: number | null, worst: number | null}} Second the mean and the largest distance within it
 */

/** So far back goes what is drawn. */
export const HISTORY_S = 300;
/** The mean is of so long: the noise of single readings is ±5 ms on real audio devices. */
const MEAN_MS = 5_000;
/** How often a device in step says so; what changes is told at once, but the server takes one report a second. */
const EVERY_MS = 5_000;
/** While nothing plays, the server wants to know no more than how far away this device is. */
const REST_MS = 30_000;
const AGAIN_MS = 1_100;
/** What passes sooner (a jump, the wait for an agreed instant) is no state of its own. */
const HELD_MS = 400;
/** Readings kept between two reports. */
const READINGS = 600;

/** @type {Record<import("./deck.js").Mode, State>} */
const STATES = {
  idle: "idle", loading: "loading", still: "still", cued: "loading", running: "playing", over: "still", blocked: "blocked", failed: "failed",
};

export class SyncReport {
  /** @type {State} */
  state = "idle";
  player = "element";
  /** @type {Second[]} */
  history = [];
  #candidate = { state: "idle", since: -Infinity };
  #recent = [];
  #since = [];
  #second = { at: -Infinity, errors: [] };
  #sent = { state: "idle", at: -Infinity };
  #effort = { of: null, seeks: 0 };
  #counts = { seeks: 0, stalls: 0 };

  /**
   * One look, ten times a second.
   * @param {{now: number, mode: import("./deck.js").Mode, stalled: boolean, error: number | null,
   *   player: import("../players/player.js").Player | null}} look `error`: null while nothing is to be heard
   */
  note({ now, mode, stalled, error, player }) {
    this.#settle(now, mode === "running" && stalled ? "buffering" : STATES[mode]);
    if (player) this.#count(player);
    this.#turnSecond(now);
    if (error === null) return;
    this.#second.errors.push(error);
    this.#since = [...this.#since.slice(-READINGS + 1), Math.abs(error)];
    this.#recent = [...this.#recent.filter((each) => now - each.now < MEAN_MS), { now, error }];
  }

  /** The mean error of the last seconds; null when nothing was heard in them. */
  error(now) {
    const errors = this.#recent.filter((each) => now - each.now < MEAN_MS).map((each) => each.error);
    return errors.length ? mean(errors) : null;
  }

  /** Whether there is something to tell. */
  due(now) {
    const changed = this.state !== this.#sent.state;
    if (!changed && this.state === "idle") return false;
    const rests = this.state === "still";
    return now - this.#sent.at >= (changed ? AGAIN_MS : rests ? REST_MS : EVERY_MS);
  }

  /** The report that is due; the next one counts anew. */
  take(now) {
    const report = {
      state: this.state,
      player: this.player,
      error: rounded(this.error(now)),
      p95: rounded(quantile(this.#since, 0.95)),
      ...this.#counts,
    };
    this.#sent = { state: this.state, at: now };
    this.#since = [];
    this.#counts = { seeks: 0, stalls: 0 };
    return report;
  }

  /** How far off this device was over what is drawn: 95 of 100 seconds, and the worst reading; null without any. */
  summary() {
    const seconds = this.history.filter((each) => each.error !== null);
    if (!seconds.length) return null;
    const errors = seconds.map((each) => Math.abs(each.error));
    return { seconds: seconds.length, p95: quantile(errors, 0.95), worst: Math.max(...seconds.map((each) => each.worst)) };
  }

  #settle(now, state) {
    if (state !== this.#candidate.state) this.#candidate = { state, since: now };
    if (state === this.state || now - this.#candidate.since < HELD_MS) return;
    this.state = state;
    if (state === "buffering") this.#counts.stalls += 1;
  }

  #count(player) {
    const { seeks } = player.effort();
    if (this.#effort.of === player) this.#counts.seeks += Math.max(0, seeks - this.#effort.seeks);
    this.#effort = { of: player, seeks };
    this.player = player.name;
  }

  #turnSecond(now) {
    const at = Math.floor(now / 1_000);
    const { errors } = this.#second;
    if (at === this.#second.at) return;
    if (Number.isFinite(this.#second.at)) {
      const worst = errors.length ? Math.max(...errors.map(Math.abs)) : null;
      this.history.push({ at: this.#second.at, error: errors.length ? mean(errors) : null, worst });
    }
    this.history = this.history.filter((each) => at - each.at <= HISTORY_S);
    this.#second = { at, errors: [] };
  }
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The value that so large a share of the values do not exceed; null without values. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] : null;
}

function rounded(ms) {
  return ms === null ? null : Math.round(ms * 100) / 100;
}
