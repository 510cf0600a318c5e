/**
 * Keeps what is heard on the room's line. It is told which line to follow and never moves the room: it loads, starts at the
 * agreed instant, joins late, recovers, goes over to the next track where one ends, and says when it cannot.
 *
 * What a track is played with is chosen for each: the first of `choose(track)` that can. Each kind of player is there twice,
 * one on the stage and one in the wings, where the next track waits for its instant.
 *
 * @typedef {import("../players/player.js").Track & {playback: import("../client/room.js").Playback,
 *   next?: import("../players/player.js").Track | null}} Line
 * @typedef {"idle" | "loading" | "still" | "cued" | "running" | "over" | "blocked" | "failed"} Mode
 * @typedef {import("../players/player.js").Player} Player
 */
import { positionAt } from "../client/room.js";
import { Wings } from "./wings.js";

/** A line that meets the one before within this is the same line to the ear: the player carries it over. */
const SEAMLESS_MS = 20;
/** A player that was stopped from outside is started again so often, within so long; then it is asked for. */
const RESTARTS = 3;
const RESTARTS_WITHIN_MS = 10_000;
/** Waits before a track that did not load is tried again. */
const RELOADS_MS = [1_500, 5_000];

export class Deck {
  /** @type {Mode} */
  mode = "idle";
  /** Milliseconds by which this device's speakers are late; it plays so much ahead. */
  trim = 0;
  /** Whether the player has run dry. */
  stalled = false;
  /** The player on the stage. @type {Player | null} */
  player = null;
  /** @type {Line | null} */
  #line = null;
  #turn = 0;
  #restarts = [];
  #reloads = 0;
  /** Players that could not play the current track. @type {Set<string>} */
  #unable = new Set();

  /**
   * @param {{choose: (track: import("../players/player.js").Track, busy: Player | null) => Player[],
   *   clock: import("../client/clock.js").RoomClock, tell: (event: {type: string, [more: string]: any}) => void,
   *   level?: () => import("../players/player.js").Level, set?: (run: () => void, ms: number) => any}} parts
   *   `choose` answers the players that may play a track, the best first; never `busy`, which plays another one
   */
  constructor({ choose, clock, tell, level = () => ({ volume: 1, muted: false, even: false }), set = (run, ms) => setTimeout(run, ms) }) {
    this.choose = choose;
    this.clock = clock;
    this.tell = tell;
    this.volume = level;
    this.set = set;
    this.wings = new Wings({ choose, clock, level });
  }

  /** @param {Line | null} line */
  follow(line) {
    const before = this.#line;
    this.#line = line;
    if (!line) this.#silence();
    else if (this.#goesOver(line)) return;
    else if (before?.entry !== line.entry || before.url !== line.url || this.mode === "failed") this.#load();
    else if (this.mode !== "loading" && !this.#continues(before.playback, line.playback)) this.#align();
  }

  /** Where the room is, in milliseconds into the track; null when nothing plays. */
  expectedPosition() {
    return this.#line && positionAt(this.#line.playback, this.clock.now());
  }

  /** Where this device is. */
  actualPosition() {
    return this.#line && this.player ? this.player.position : null;
  }

  /** Whether the current track could start at any instant. */
  get ready() {
    return this.#line !== null && this.mode !== "loading" && (this.player?.ready ?? false);
  }

  /** Finds its place anew: a tab came back, or somebody asked. Called in a gesture, it also unlocks the sound. */
  resume() {
    this.#restarts = [];
    if (!this.#line || this.mode === "loading" || this.mode === "running") return;
    if (this.mode === "blocked") this.player?.unlock?.();
    if (this.mode === "failed") this.#load();
    else this.#align();
  }

  /** Finds its place anew even though it seems to be there. */
  resync() {
    if (this.mode === "running") this.#align();
    else this.resume();
  }

  /** Loads the track anew, with whatever is the best player for it by now. */
  reload() {
    if (this.#line) this.#load();
  }

  /** This device is as loud as `level()` says from now on. */
  level() {
    this.player?.level(this.volume());
    this.wings.player?.level(this.volume());
  }

  /** To be called every 50 ms. */
  tick() {
    if (this.mode !== "running") return;
    const condition = this.player.tick(() => this.expectedPosition() + this.trim, this.#line.playback.rate);
    this.stalled = condition === "busy";
    this.wings.prepare(this.#line, this.player, this.trim);
    if (this.wings.due()) this.#goOver(this.wings.line);
    else if (condition === "over" && !this.wings.running) this.#over();
    else if (condition === "interrupted") this.#interrupted();
  }

  #continues(before, after) {
    if (before.playing !== after.playing) return false;
    const now = this.clock.now();
    const apart = Math.abs(positionAt(before, now) - positionAt(after, now));
    if (!after.playing) return apart === 0;
    const seamless = after.as_of <= now + SEAMLESS_MS && apart < SEAMLESS_MS && this.mode === "running";
    if (seamless && before.rate !== after.rate) this.player.setRate(after.rate);
    return seamless;
  }

  /** Whether the line is that of the track that waits in the wings, from the instant on that it waits for. */
  #goesOver(line) {
    if (!this.wings.fits(line)) return false;
    this.#goOver(line);
    return true;
  }

  #goOver(line) {
    this.#line = line;
    this.#leave();
    this.player = this.wings.take();
    this.#hear(this.player);
    this.#begin("running");
  }

  #load() {
    this.wings.clear();
    this.#unable.clear();
    this.#reloads = 0;
    this.#loadOn();
  }

  /** Loads with the best player that has not failed with this track; when all have, tries again in a while. */
  #loadOn() {
    const able = this.choose(this.#line, null).find((each) => !this.#unable.has(each.name));
    if (!able) {
      this.#failed();
      return;
    }
    this.#begin("loading");
    if (this.player !== able) this.#leave();
    this.player = able;
    this.#hear(able);
    able.load(this.#line);
    able.level(this.volume());
  }

  /** Brings the player to the line, and starts it when the line moves. */
  async #align() {
    const { playback } = this.#line;
    const turn = this.#begin(playback.playing ? "cued" : "still");
    const overtaken = () => turn !== this.#turn;
    this.wings.clear();
    if (!playback.playing) {
      this.player.stand(playback.position);
      return;
    }
    const outcome = await this.player.start({ playback, trim: this.trim, overtaken });
    if (overtaken()) return;
    if (outcome === "started") this.#begin("running");
    else if (outcome === "over") this.#over();
    else if (outcome === "blocked") this.#begin("blocked");
    else if (outcome === "failed") this.#unableTo(this.player);
  }

  #interrupted() {
    const now = this.clock.local();
    this.#restarts = [...this.#restarts.filter((at) => now - at < RESTARTS_WITHIN_MS), now];
    if (this.#restarts.length > RESTARTS) this.#begin("blocked");
    else this.#align();
  }

  #over() {
    this.#begin("over");
    this.player.stand(0);
    this.tell({ type: "ended", entry: this.#line.entry });
  }

  #silence() {
    this.wings.clear();
    this.#leave();
    this.#begin("idle");
  }

  #leave() {
    if (!this.player) return;
    this.player.tell = () => {};
    this.player.unload();
    this.player = null;
  }

  #unableTo(player) {
    this.#unable.add(player.name);
    this.#loadOn();
  }

  #failed() {
    // What nobody here can play will not be playable in a while.
    const wait = this.choose(this.#line, null).length > 0 ? RELOADS_MS[this.#reloads] : undefined;
    this.#reloads += 1;
    this.#unable.clear();
    if (wait === undefined) {
      this.#begin("failed");
      this.tell({ type: "failed", entry: this.#line.entry });
      return;
    }
    const turn = this.#begin("loading");
    this.set(() => turn === this.#turn && this.#loadOn(), wait);
  }

  #hear(player) {
    const heard = {
      loaded: ({ duration_ms }) => {
        if (duration_ms !== null) this.tell({ type: "measured", entry: this.#line.entry, duration_ms });
        this.#align();
      },
      measured: ({ duration_ms }) => this.tell({ type: "measured", entry: this.#line.entry, duration_ms }),
      failed: () => this.#unableTo(player),
    };
    player.tell = (event) => this.#line && heard[event.type](event);
  }

  /** Whatever was under way is overtaken. */
  #begin(mode) {
    this.#turn += 1;
    this.mode = mode;
    this.stalled = false;
    this.tell({ type: "mode", mode });
    return this.#turn;
  }
}
