/**
 * Feeds the clock: a quick burst after each connect, so that the first track starts right, then ever more slowly.
 * The server drops what exceeds 10 messages a second (20 at once), and pings count; this stays below a half of that.
 */

/** Pings up to this number follow each other after so many milliseconds. */
const PACE = [
  { upTo: 10, ms: 60 },
  { upTo: 30, ms: 250 },
  { upTo: 140, ms: 500 },
  { upTo: Infinity, ms: 1_000 },
];

export class Pinger {
  #sent = 0;
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
  }

  pong({ c0, s1, s2, clock }) {
    this.clock.add({ c0, s1, s2, c3: this.clock.local(), clock });
  }

  #ping() {
    this.#sent += 1;
    this.send({ type: "ping", id: this.#sent, c0: this.clock.local() });
    const pace = PACE.find((each) => this.#sent < each.upTo);
    this.#timer = this.set(() => this.#ping(), pace.ms);
  }
}
