/**
 * Feeds the clock: a quick burst after each connect, so that the first track starts right; then quickly as long as the clock
 * may well be wrong by more than anybody could measure, and slowly once it is not. On a good line that is after a second,
 * with 71 pings in the first minute; on a poor one they are what makes it good (simulated, p95 of the first minute: 276 pings
 * 1.5 ms, 506 pings 1.1 ms). Quickly again after a standstill (a frozen tab, a machine that slept), and whenever the clock
 * starts afresh. The server lets a socket ping 10 times a second (60 at once); this stays below that.
 */

/** Pings up to this number follow each other after so many milliseconds. */
const FIRST = [
  { upTo: 5, ms: 25 },
  { upTo: 12, ms: 60 },
];
/** The clock is good enough; and how soon the next ping then is, or is not, or is not after so many. */
const GOOD_MS = 0.05;
const CALM_MS = 1_000;
const EAGER_MS = 120;
const EAGER = 512;
const PATIENT_MS = 500;
/** All of a room together are to ping no more often than so many times a second, each as seldom as this if need be. */
const ROOM_A_SECOND = 2_000;
const SELDOM_MS = 4_000;

/** A ping that comes so much too late was held back. */
const LATE_MS = 5_000;

export class Pinger {
  /** Pings since the pace began, and since the page did. */
  #sent = 0;
  #id = 0;
  #due = Infinity;
  #restarts = 0;
  #timer = null;

  /** @param {{send: (message: object) => boolean, clock: import("./clock.js").RoomClock, crowd?: () => number,
   *   set?: (run: () => void, ms: number) => any, clear?: (id: any) => void}} parts
   *   `crowd`: how many are in the room */
  constructor({ send, clock, crowd = () => 1, set = (run, ms) => setTimeout(run, ms), clear = (id) => clearTimeout(id) }) {
    this.send = send;
    this.clock = clock;
    this.crowd = crowd;
    this.set = set;
    this.clear = clear;
  }

  start() {
    this.stop();
    this.#sent = 0;
    this.#ping();
  }

  stop() {
    this.clear(this.#timer);
    this.#due = Infinity;
  }

  /** @param {any} message @param {number} [at] when it came, where that was before now */
  pong({ c0, s1, s2, clock }, at = this.clock.local()) {
    this.clock.add({ c0, s1, s2, c3: at, clock });
  }

  #ping() {
    const now = this.clock.local();
    if (now - this.#due > LATE_MS || this.clock.restarts !== this.#restarts) this.#sent = 0;
    this.#restarts = this.clock.restarts;
    this.#sent += 1;
    this.#id += 1;
    this.send({ type: "ping", id: this.#id, c0: now });
    const ms = this.#pause();
    this.#due = now + ms;
    this.#timer = this.set(() => this.#ping(), ms);
  }

  #pause() {
    const first = FIRST.find((each) => this.#sent < each.upTo);
    if (first) return first.ms;
    const doubtful = this.#sent < EAGER ? EAGER_MS : PATIENT_MS;
    const wanted = this.clock.doubt < GOOD_MS ? CALM_MS : doubtful;
    return Math.max(wanted, Math.min(SELDOM_MS, (this.crowd() * 1_000) / ROOM_A_SECOND));
  }
}
