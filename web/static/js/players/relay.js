/**
 * Two players for one track: a quick one that begins, and an exact one that takes over once it has loaded. To the deck they
 * are one. Both follow the same line, so that the hand-over is a cross-fade of two voices that say the same: the exact one is
 * told its instant ahead, and the quick one is turned down as that comes.
 *
 * What the exact one has already, it begins by itself; and where it is ready before anything is heard, the quick one never
 * is. There is one hand-over for each load at most, and none back.
 *
 * @typedef {import("./player.js").Player & {has: (track: import("./player.js").Track) => boolean, awake: boolean,
 *   steady: boolean}} Exact `has`: it would be ready at once; `awake`: it may sound, and knows when it will be heard;
 *   `steady`: to a millisecond
 */

import { FADE_MS, FADE_STEPS, isTimely, isVoid, lineOf, planned } from "../models/hand-over.js";

/** The quick one comes first on the line to the server: the other begins to load when that one has enough to play. */
const LOOK_MS = 20;
/** Dry for so long, the quick one needs the whole line, and stays. */
const DRY_MS = 500;

/** @implements {import("./player.js").Player} */
export class RelayPlayer {
  tell = () => {};
  #track = null;
  /** Who has it: `none` has not been asked, `out` cannot. @type {Record<string, "none" | "loading" | "ready" | "out">} */
  #is = { exact: "none", quick: "none" };
  /** Who is on duty. @type {import("./player.js").Player} */
  #by;
  /** @type {"stands" | "starts" | "runs"} */
  #doing = "stands";
  #place = 0;
  #line = null;
  /** What the exact one was told to begin at, until it is heard. @type {import("../models/hand-over.js").Plan | null} */
  #plan = null;
  /** What came of the start that the exact one took from the quick one. @type {Promise<string> | null} */
  #taken = null;
  #turn = 0;
  #loads = 0;
  #since = 0;
  #drySince = null;
  #level = null;

  /**
   * @param {{exact: Exact, quick: import("./player.js").Player, clock: import("../client/clock.js").RoomClock,
   *   set?: (run: () => void, ms: number) => any}} parts
   */
  constructor({ exact, quick, clock, set = (run, ms) => setTimeout(run, ms) }) {
    Object.assign(this, { exact, quick, clock, set });
    this.#by = exact;
  }

  get name() {
    return this.#by.name;
  }

  get position() {
    return this.#by.position;
  }

  get ready() {
    return this.#by === this.quick ? this.#is.quick === "ready" && this.quick.ready : this.#is.exact === "ready";
  }

  get alone() {
    return this.#by.alone;
  }

  get loudness() {
    return this.#by.loudness;
  }

  load(track, { ahead = false } = {}) {
    this.unload();
    this.#track = track;
    this.exact.tell = (event) => this.#hearExact(event);
    if (ahead || this.exact.has(track)) {
      this.#loadExact(ahead);
      return;
    }
    this.#by = this.quick;
    this.#is.quick = "loading";
    this.quick.tell = (event) => this.#hearQuick(event);
    this.quick.load(track);
  }

  unload() {
    this.#loads += 1;
    this.#begin("stands");
    this.exact.tell = () => {};
    this.exact.unload();
    this.#dismiss();
    this.#is = { exact: "none", quick: "none" };
    this.#track = null;
  }

  stand(position) {
    this.#begin("stands");
    this.#place = position;
    if (this.#is.exact === "ready") this.#dismiss();
    this.#by.stand(position);
  }

  async start(line) {
    const turn = this.#begin("starts");
    this.#line = line;
    this.#place = line.playback.position;
    const overtaken = () => turn !== this.#turn || line.overtaken();
    if (this.#is.exact === "ready") return this.#startExact();
    // It will say when it is loaded, and be started then.
    if (this.#by === this.exact) return "overtaken";
    const outcome = await this.quick.start({ ...line, overtaken: () => overtaken() || this.#by !== this.quick });
    if (overtaken()) return "overtaken";
    if (this.#taken) return this.#taken;
    if (outcome === "failed" || outcome === "blocked") {
      // Until somebody has allowed it, the exact one will have loaded.
      this.#doWithout();
      return outcome === "blocked" ? "blocked" : "overtaken";
    }
    this.#doing = outcome === "started" ? "runs" : "stands";
    this.#since = this.clock.local();
    // What was not allowed when it was loaded may be by now, and the sooner it is awake, the better it knows its time.
    this.exact.unlock?.();
    return outcome;
  }

  setRate(rate) {
    this.#drop();
    this.#by.setRate(rate);
  }

  tick(expected, rate) {
    if (this.#by === this.exact) return this.#is.exact === "ready" ? this.exact.tick(expected, rate) : "busy";
    const condition = this.quick.tick(expected, rate);
    this.#starve(condition);
    if (!this.#plan) this.#handOver(condition, expected, rate);
    else if (isVoid(this.#plan, this.clock.now(), expected())) this.#drop();
    return condition;
  }

  level(level) {
    this.#level = level;
    this.exact.level(level);
    this.quick.level(level);
  }

  unlock() {
    this.#by.unlock?.();
  }

  effort() {
    const { correction } = this.#by.effort();
    const [one, other] = [this.exact.effort(), this.quick.effort()];
    return { correction, seeks: one.seeks + other.seeks, writes: one.writes + other.writes };
  }

  #begin(doing) {
    this.#turn += 1;
    this.#drop();
    this.#doing = doing;
    this.#taken = this.#line = this.#drySince = null;
    // It was being turned down.
    if (this.#by === this.exact) this.#dismiss();
    return this.#turn;
  }

  #loadExact(ahead) {
    this.#is.exact = "loading";
    this.exact.load(this.#track, { ahead });
    if (this.#level) this.exact.level(this.#level);
  }

  #startExact() {
    this.#dismiss();
    const [turn, line] = [this.#turn, this.#line];
    this.#doing = "runs";
    return this.exact.start({ ...line, overtaken: () => turn !== this.#turn || line.overtaken() });
  }

  /** The quick one goes, silent at once. */
  #dismiss() {
    this.#by = this.exact;
    if (this.#is.quick === "none") return;
    this.#is.quick = "none";
    this.quick.tell = () => {};
    this.quick.unload();
  }

  #hearQuick(event) {
    if (event.type === "failed") {
      this.#doWithout();
      return;
    }
    if (event.type === "loaded") {
      this.#is.quick = "ready";
      this.#look(this.#loads);
    }
    this.tell(event);
  }

  /** The exact one is loaded when the quick one has enough to play. */
  #look(load) {
    if (load !== this.#loads || this.#is.exact !== "none") return;
    if (this.quick.ready) this.#loadExact(true);
    else this.set(() => this.#look(load), LOOK_MS);
  }

  /** The quick one cannot; the other says when it is loaded. */
  #doWithout() {
    this.#begin("stands");
    this.#dismiss();
    if (this.#is.exact === "out") this.tell({ type: "failed" });
    else if (this.#is.exact === "ready") this.tell({ type: "loaded", duration_ms: null });
    else if (this.#is.exact === "none") this.#loadExact(false);
  }

  #hearExact(event) {
    if (event.type === "failed") {
      this.#is.exact = "out";
      if (this.#by === this.exact) this.tell(event);
      return;
    }
    this.#is.exact = "ready";
    if (this.#is.quick !== "ready") {
      this.#dismiss();
      this.tell(event);
    } else if (this.#doing === "stands") this.stand(this.#place);
    else if (this.#doing === "starts" && this.exact.awake) this.#taken = this.#startExact();
  }

  /** While the quick one is dry for long, nothing else may use the line. */
  #starve(condition) {
    const now = this.clock.local();
    if (condition !== "busy") this.#drySince = null;
    else this.#drySince ??= now;
    if (this.#drySince === null || now - this.#drySince < DRY_MS || this.#is.exact !== "loading") return;
    this.#stay();
  }

  /** The quick one plays this track to its end. */
  #stay() {
    this.#drop();
    this.#is.exact = "out";
    this.exact.unload();
  }

  #handOver(condition, expected, rate) {
    if (this.#is.exact !== "ready" || !this.exact.steady || !["fine", "busy"].includes(condition)) return;
    const left = this.#track.duration_ms - this.quick.position;
    if (!isTimely({ dry: condition === "busy", ran: this.clock.local() - this.#since, left })) return;
    const plan = planned(this.clock.now(), expected(), rate);
    this.#plan = plan;
    const { playback, trim } = this.#line;
    const overtaken = () => this.#plan !== plan;
    this.exact.start({ playback: lineOf(plan, playback, trim), trim, overtaken, fade: FADE_MS }).then((outcome) => {
      if (overtaken()) return;
      if (outcome === "started") this.set(() => !overtaken() && this.#takeOver(), plan.at - this.clock.now());
      else this.#stay();
    });
  }

  /** What is not heard yet of the exact one will not be. */
  #drop() {
    if (!this.#plan) return;
    this.#plan = null;
    this.exact.stand(0);
  }

  #takeOver() {
    this.#plan = null;
    this.#by = this.exact;
    this.quick.tell = () => {};
    this.#turnDown(this.#turn, FADE_STEPS);
  }

  #turnDown(turn, steps) {
    if (turn !== this.#turn) return;
    if (steps === 0) {
      this.#dismiss();
      return;
    }
    const share = (steps - 1) / FADE_STEPS;
    if (this.#level) this.quick.level({ ...this.#level, volume: this.#level.volume * share });
    this.set(() => this.#turnDown(turn, steps - 1), FADE_MS / FADE_STEPS);
  }
}
