/**
 * Where the next track waits: loaded while the one before still plays, and started at the very instant at which that one
 * ends. The room says so a moment later; until then this is a guess, which costs nothing when it was wrong.
 */
import { positionAt } from "../client/room.js";

/** So long before its end, the next track begins to load; and so long before, it is told its instant. */
export const WARM_MS = 25_000;
const CUE_MS = 2_500;
/** A line that begins within this of the guess is the guess. */
const SAME_MS = 20;

export class Wings {
  /** @type {import("../players/player.js").Player | null} */
  player = null;
  /** The line of the track that waits here. @type {import("./deck.js").Line | null} */
  line = null;
  #cued = false;
  #running = false;
  #turn = 0;

  /** @param {{choose: Function, clock: import("../client/clock.js").RoomClock, level: () => import("../players/player.js").Level}} parts */
  constructor({ choose, clock, level }) {
    this.choose = choose;
    this.clock = clock;
    this.level = level;
  }

  /** Called again and again while `busy` plays the line `current`. */
  prepare(current, busy, trim) {
    const { next, playback, duration_ms: length } = current;
    if (!next || !length || (this.line && this.line.entry !== next.entry)) this.clear();
    if (!next || !length || !playback.playing) return;
    const now = this.clock.now();
    const end = playback.as_of + (length - playback.position) / playback.rate;
    if (!this.line && end - now < WARM_MS && end > now) this.#load(next, playback, busy);
    if (!this.player?.ready) return;
    if (this.#cued && Math.abs(this.line.playback.as_of - end) > SAME_MS) {
      this.clear();
      return;
    }
    this.line = { ...this.line, playback: { entry: next.entry, position: 0, rate: playback.rate, playing: true, as_of: end } };
    if (!this.#cued && end - now < CUE_MS) this.#cue(trim);
  }

  /** Whether the track that waits here will be heard at its instant, whatever comes. */
  get running() {
    return this.#running;
  }

  /** Whether the instant has come, and the track is heard. */
  due() {
    return this.#running && this.clock.now() >= this.line.playback.as_of;
  }

  /** Whether the line is the one that was guessed. */
  fits(line) {
    if (!this.#running || line.entry !== this.line.entry || line.url !== this.line.url || !line.playback.playing) return false;
    const now = Math.max(this.clock.now(), this.line.playback.as_of, line.playback.as_of);
    return Math.abs(positionAt(line.playback, now) - positionAt(this.line.playback, now)) < SAME_MS;
  }

  /** The player, which is the caller's from now on. */
  take() {
    const { player } = this;
    this.player = null;
    this.#forget();
    return player;
  }

  clear() {
    if (this.player) {
      this.player.tell = () => {};
      this.player.unload();
    }
    this.player = null;
    this.#forget();
  }

  #forget() {
    this.line = null;
    this.#turn += 1;
    this.#cued = this.#running = false;
  }

  #load(next, playback, busy) {
    this.line = { ...next, playback };
    this.#loadWith(this.choose(next, busy));
  }

  /** What none of them can play from the wings is tried once more on the stage. */
  /** @param {import("../players/player.js").Player[]} players */
  #loadWith([player, ...others]) {
    this.player = player ?? null;
    if (!player) return;
    player.tell = (event) => {
      if (event.type !== "failed" || this.player !== player) return;
      player.unload();
      this.#cued = this.#running = false;
      this.#loadWith(others);
    };
    player.load(this.line, { ahead: true });
    player.level(this.level());
  }

  async #cue(trim) {
    this.#cued = true;
    const turn = this.#turn;
    const outcome = await this.player.start({ playback: this.line.playback, trim, overtaken: () => turn !== this.#turn });
    if (turn === this.#turn) this.#running = outcome === "started";
  }
}
