/** One actor's calls and one socket, each told to a log as it happens: plain `fetch` and `WebSocket`, as any client has them. */
import { shown, told } from "../models/dashboard/wire-log.js";

const BEAT_MS = 9_000;

export class Wire {
  /** @type {{token: string, userId: string, name: string}} */
  who = { token: "", userId: "", name: "" };
  #socket = null;
  #beat = null;

  /**
   * @param {{actor: "host" | "guest", log: (entry: object) => void, status: (phase: "closed" | "connecting" | "open", code?: number, reason?: string) => void,
   *   heard: (message: any) => void, origin?: string}} parts
   */
  constructor({ actor, log, status, heard, origin = location.origin }) {
    this.actor = actor;
    this.log = log;
    this.status = status;
    this.heard = heard;
    this.origin = origin;
  }

  get open() {
    return this.#socket?.readyState === 1;
  }

  /** @returns {Promise<any>} the answer's JSON. Fails with an Error that has the server's own words */
  async call(method, path, body, { bare = false } = {}) {
    const began = performance.now();
    const authorized = !bare && this.who.token !== "";
    const headers = { Accept: "application/json", ...(body && { "Content-Type": "application/json" }), ...(authorized && { Authorization: `Bearer ${this.who.token}` }) };
    const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) }).catch(() => null);
    const value = await answer?.json().catch(() => null);
    // What an answer without a token gives is known from here on, and so kept out of the log.
    if (bare && value?.user_id) this.who = { ...this.who, userId: value.user_id };
    const entry = { kind: "http", way: "out", title: `${method} ${path}`, method, url: this.origin + path, authorized, status: answer?.status ?? 0 };
    this.#tell({ ...entry, ms: Math.round(performance.now() - began), sent: shown(body, this.#secrets()), got: shown(value, this.#secrets()) });
    if (!answer?.ok) throw new Error(value?.error?.message ?? "The server cannot be reached.");
    return value;
  }

  /** @param {import("../models/dashboard/dialects.js").Contract} contract */
  connect(contract, room) {
    this.disconnect();
    const url = this.origin.replace(/^http/, "ws") + contract.address(encodeURIComponent(room), this.who);
    this.#tell({ kind: "ws", way: "out", title: `open ${contract.title}`, url: told(url, this.#secrets()) });
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.status("connecting");
    socket.onopen = () => {
      this.status("open");
      for (const message of contract.opening(this.who)) this.say(message);
      if (contract.alive) this.#beat = setInterval(() => this.say(contract.alive(performance.now()), true), BEAT_MS);
    };
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      this.#message("in", message, message.type === "pong" || message.type === "pulse");
      this.heard(message);
    };
    socket.onclose = ({ code, reason }) => {
      this.#tell({ kind: "ws", way: "in", title: `closed ${code} ${reason}`.trim() });
      if (socket === this.#socket) this.#over(code, reason);
    };
  }

  say(message, beat = false) {
    if (!this.open) return false;
    this.#socket.send(JSON.stringify(message));
    this.#message("out", message, beat);
    return true;
  }

  disconnect() {
    this.#socket?.close(1000);
  }

  #over(code, reason) {
    clearInterval(this.#beat);
    this.#socket = null;
    this.status("closed", code, reason);
  }

  #message(way, message, beat) {
    this.#tell({ kind: "ws", way, title: message.type ?? "", [way === "out" ? "sent" : "got"]: shown(message, this.#secrets()), beat });
  }

  #secrets() {
    return [this.who.token, this.who.userId];
  }

  #tell(entry) {
    this.log({ ...entry, actor: this.actor, at: Date.now() });
  }
}
