/**
 * Feeds the clock: a quick burst after each connect, so that the first track starts right, then ever more slowly; quickly
 * again after a standstill (a frozen tab, a machine that slept), and whenever the clock starts afresh.
 * The server lets a socket ping 10 times a second (60 at once); this stays below that, and comes down to one a second within
 * two minutes. With half as many in the first minute the clock is 1.5 times as far off in it (simulated, p95).
 */

/** Pings up to this number follow each other after so many milliseconds. */
const PACE = [
  { upTo: 5, ms: 25 },
  { upTo: 12, ms: 60 },
  { upTo: 72, ms: 120 },
  { upTo: 272, ms: 250 },
  { upTo: 392, ms: 500 },
  { upTo: Infinity, ms: 1_000 },
];

/** A ping that comes so much too late was held back. */
const LATE_MS = 5_000;

export class Pinger {
  /** Pings since the pace began, and since the page did. */
  #sent = 0;
  #id = 0;
  #due = Infinity;
  #restarts = 0;
  #timer = null;

  /** @param {{send: (message: object) => boolean, clock: import("./clock.js").RoomClock}} parts */
  constructor({ send, clock, set = (run, ms) => setTimeout(run, ms), clear = (id) => clearTimeout(id) }) {
    Object.assign(this, { send, clock, set, clear });
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

  pong({ c0, s1, s2, clock }) {
    this.clock.add({ c0, s1, s2, c3: this.clock.local(), clock });
  }

  #ping() {
    const now = this.clock.local();
    if (now - this.#due > LATE_MS || this.clock.restarts !== this.#restarts) this.#sent = 0;
    this.#restarts = this.clock.restarts;
    this.#sent += 1;
    this.#id += 1;
    this.send({ type: "ping", id: this.#id, c0: now });
    const { ms } = PACE.find((each) => this.#sent < each.upTo);
    this.#due = now + ms;
    this.#timer = this.set(() => this.#ping(), ms);
  }
}
