/**
 * One socket at a time, kept open. It says hello, notices silence, comes back when the close code says "come back",
 * asks for a fresh token when the old one was refused, and stays away when it is told to.
 *
 * @typedef {{phase: "connecting" | "door" | "live" | "waiting" | "ended", retryAt?: number, code?: number, reason?: string}} Status
 * @typedef {{set: (run: () => void, ms: number) => any, clear: (id: any) => void, now: () => number}} Timers
 */

/** First wait before coming back, and the longest; each is spread from half to one and a half times. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** Until the server has said what it wants. */
const HEARTBEAT_MS = 10_000;
/** How long a socket may take from opening to `welcome`. */
const WELCOME_MS = 12_000;
const RESTARTING = 1012;
export const TOKEN_REFUSED = 4501;
const LEFT = 1000;

/** @type {Timers} */
const realTimers = { set: (run, ms) => setTimeout(run, ms), clear: (id) => clearTimeout(id), now: () => performance.now() };

/** Whether a close code means "come back" (see the contract, section 7). */
export function comesBack(code) {
  return code !== LEFT && (code < 4500 || code > 4999);
}

/** How long to wait before the nth attempt (0 is the first), with `random` from 0 to 1. */
export function waitBefore(attempt, random) {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.5 + random);
}

export class Connection {
  #socket = null;
  #attempt = 0;
  #refusedOnce = false;
  #timer = null;
  #heard = 0;
  #heartbeat = HEARTBEAT_MS;
  #done = false;

  /**
   * @param {{url: string, hello: () => object, receive: (message: any, at: number) => void, status: (status: Status) => void,
   *   renewToken: () => Promise<boolean>,
   *   socket?: (url: string) => WebSocket, timers?: Timers, random?: () => number}} parts
   */
  constructor({ url, hello, receive, status, renewToken, socket = (to) => new WebSocket(to), timers = realTimers, random = Math.random }) {
    this.url = url;
    this.hello = hello;
    this.receive = receive;
    this.status = status;
    this.renewToken = renewToken;
    this.makeSocket = socket;
    this.timers = timers;
    this.random = random;
  }

  open() {
    this.#done = false;
    this.#connect();
  }

  /** Sends if the room can hear it now; what is not sent is sent again by whoever keeps it. */
  send(message) {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Comes back at once: the network is there again, or somebody pressed "now". Where to is not known before the first `open`. */
  retryNow() {
    if (this.#done || this.#socket || !this.url) return;
    this.#attempt = 0;
    this.#connect();
  }

  /** Drops this socket and makes a new one; used when what was received cannot be right. */
  restart() {
    this.#drop();
    this.#connect();
  }

  close() {
    this.#end({ phase: "ended", code: LEFT });
  }

  #connect() {
    this.timers.clear(this.#timer);
    this.status({ phase: "connecting" });
    const socket = this.makeSocket(this.url);
    this.#socket = socket;
    this.#heard = this.timers.now();
    this.#timer = this.timers.set(() => this.#lost(socket, 1006, ""), WELCOME_MS);
    socket.onopen = () => this.send(this.hello());
    // `at` is when it came, of what an earlier script heard on this socket; of all else that is now.
    socket.onmessage = (/** @type {any} */ { data, at }) => socket === this.#socket && this.#take(data, at);
    socket.onclose = ({ code, reason }) => this.#lost(socket, code, reason);
  }

  #take(data, at) {
    this.#heard = this.timers.now();
    const message = JSON.parse(data);
    if (message.type === "welcome" || message.type === "waiting") {
      this.#attempt = 0;
      this.#refusedOnce = false;
      this.#heartbeat = message.heartbeat_ms ?? HEARTBEAT_MS;
      this.#watch();
    }
    this.receive(message, at);
    if (message.type === "welcome") this.status({ phase: "live" });
    if (message.type === "waiting") this.status({ phase: "door" });
  }

  /** Looks once per heartbeat whether anything was heard; two without a word and the link counts as dead. */
  #watch() {
    this.timers.clear(this.#timer);
    const socket = this.#socket;
    const since = this.timers.now();
    this.#timer = this.timers.set(() => {
      const now = this.timers.now();
      // A timer that comes late was held back by a hidden tab or a sleeping machine; so were our own pings.
      const fair = now - since < 1.5 * this.#heartbeat;
      if (fair && now - this.#heard >= 2 * this.#heartbeat) this.#lost(socket, 1006, "silent");
      else this.#watch();
    }, this.#heartbeat);
  }

  #lost(socket, code, reason) {
    if (socket !== this.#socket || this.#done) return;
    this.#drop();
    if (code === TOKEN_REFUSED && !this.#refusedOnce) this.#renew(code, reason);
    else if (comesBack(code)) this.#wait(code, reason);
    else this.#end({ phase: "ended", code, reason });
  }

  async #renew(code, reason) {
    this.#refusedOnce = true;
    this.status({ phase: "connecting" });
    const renewed = await this.renewToken().catch(() => null);
    if (this.#done || this.#socket) return;
    if (renewed) this.#connect();
    else if (renewed === false) this.#end({ phase: "ended", code, reason });
    else this.#tryRenewingLater(reason);
  }

  /** Nobody could be asked for a token, so nothing is known about it. */
  #tryRenewingLater(reason) {
    this.#refusedOnce = false;
    this.#wait(1006, reason);
  }

  #wait(code, reason) {
    const hint = code === RESTARTING ? Number(reason) || 0 : 0;
    const ms = Math.max(hint * (0.5 + this.random()), waitBefore(this.#attempt, this.random()));
    this.#attempt += 1;
    this.status({ phase: "waiting", retryAt: this.timers.now() + ms, code, reason });
    this.#timer = this.timers.set(() => this.#connect(), ms);
  }

  #end(status) {
    this.#done = true;
    this.#drop();
    this.status(status);
  }

  #drop() {
    this.timers.clear(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
