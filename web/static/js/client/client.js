/**
 * A room, from the outside: `client.state` is the room as of its last commit, `client.run("play")` asks for something,
 * `client.listen(tell)` hears of changes. Connection, clock, commands and room are the four parts that it joins.
 *
 * @typedef {import("./room.js").Room} Room
 * @typedef {import("./connection.js").Status} Status
 * @typedef {{at: number, listeners: number, p50: number | null, p95: number | null,
 *   members: Record<string, import("../models/sync-words.js").Report>}} Pulse how everybody's players do, every few seconds
 * @typedef {{kind: "state" | "commit" | "status" | "pulse", commit?: object, before?: Room | null}} Change
 */
import { RoomClock } from "./clock.js";
import { Commands } from "./commands.js";
import { Connection, TOKEN_REFUSED } from "./connection.js";
import { Freshness } from "./freshness.js";
import { Pinger } from "./pinger.js";
import { apply, may, opened } from "./room.js";

export class RoomClient {
  /** @type {Room | null} */
  state = null;
  /** @type {{id: string, name: string, guest: boolean} | null} */
  you = null;
  /** @type {Status} */
  status = { phase: "connecting" };
  /** The place in the room's history up to which `state` is complete. @type {{epoch: number, rev: number} | null} */
  place = null;
  /** What was last heard of everybody's players. @type {Pulse | null} */
  pulse = null;
  #listeners = new Set();
  #outboxOf;
  #refusals = new Set();

  /**
   * @param {{url: string, token: () => string, renewToken: () => Promise<boolean>, clock?: RoomClock, reports?: boolean,
   *   outboxOf?: (user: string) => import("./outbox.js").Outbox, explain?: (refusal: any) => any,
   *   socket?: (url: string) => WebSocket}} parts
   *   `reports`: there is a player that says when it is ready; `outboxOf`: where a person's words are kept while nobody hears
   *   them; `explain`: a refusal in the reader's words
   */
  constructor({ url, token, renewToken, clock = new RoomClock(), reports = false, outboxOf, explain, ...connection }) {
    this.clock = clock;
    this.#outboxOf = outboxOf;
    this.commands = new Commands({ send: (message) => this.#sendWhenLive(message), explain });
    this.connection = new Connection({
      url,
      renewToken,
      hello: () => ({ type: "hello", token: token(), ...(reports && { reports }), ...(this.place && { resume: this.place }) }),
      receive: (message, at) => this.#receive(message, at),
      status: (status) => this.#changeStatus(status),
      ...connection,
    });
    const { timers } = /** @type {any} */ (connection);
    const tell = () => this.#sendWhenLive({ type: "token", token: token() });
    this.freshness = new Freshness({ renewToken, tell, ...(timers && { timers }) });
    const crowd = () => this.state?.members.length ?? 1;
    this.pinger = new Pinger({ send: (message) => this.connection.send(message), clock, crowd });
  }

  open() {
    this.connection.open();
  }

  /** Asks for something, under an `id` where it was asked for already. The promise holds the `ack` or fails with a CommandError. */
  run(type, fields, id) {
    return this.commands.run(type, fields, id);
  }

  /** Tells what needs no answer and is not worth sending again. @returns {boolean} whether the room can hear it now */
  report(message) {
    return this.#sendWhenLive(message);
  }

  /** Whether this user may do what the right stands for. */
  may(right) {
    return this.you !== null && may(this.state, this.you.id, right);
  }

  /** @param {(change: Change) => void} tell @returns {() => void} stops telling */
  listen(tell) {
    this.#listeners.add(tell);
    return () => this.#listeners.delete(tell);
  }

  /** @param {(message: any, fault: import("./commands.js").CommandError) => void} tell of what an earlier page asked for in vain */
  onRefused(tell) {
    this.#refusals.add(tell);
  }

  close() {
    this.connection.close();
  }

  #receive(message, at) {
    const takes = {
      welcome: () => this.#welcome(message, at),
      // Nothing but pongs is heard at the door, and without them it would look like a dead link.
      waiting: () => this.pinger.start(),
      state: () => this.#replace(message),
      commit: () => this.#advance(message),
      pong: () => this.pinger.pong(message, at),
      pulse: () => this.#beat(message),
      token: () => this.freshness.goodFor(message.token_ms),
      ack: () => this.commands.answer(message),
      error: () => this.commands.answer(message),
    };
    takes[message.type]?.();
  }

  #welcome(message, at) {
    this.you = message.you;
    if (this.#outboxOf) this.commands.keepIn(this.#outboxOf(message.you.id), (...refused) => this.#refusals.forEach((tell) => tell(...refused)));
    this.clock.hint(message.now, at);
    this.freshness.goodFor(message.token_ms);
    this.pinger.start();
  }

  #beat(pulse) {
    this.pulse = pulse;
    this.#tell({ kind: "pulse" });
  }

  #replace({ epoch, rev, room }) {
    const before = this.state;
    this.state = opened(room);
    this.place = { epoch, rev };
    this.#tell({ kind: "state", before });
  }

  #advance(commit) {
    if (!this.state || commit.epoch !== this.place.epoch || commit.rev > this.place.rev + 1) {
      // A hole in the history: nothing that follows can be trusted, so the room is asked for as a whole.
      this.place = null;
      this.connection.restart();
      return;
    }
    if (commit.rev <= this.place.rev) return;
    const before = this.state;
    this.state = apply(before, commit);
    this.place = { epoch: commit.epoch, rev: commit.rev };
    // Leaving and closing end the connection, and with it the way that an `ack` would come.
    if (commit.command && commit.by === this.you?.id) this.commands.done(commit);
    this.#tell({ kind: "commit", commit, before });
  }

  #changeStatus(status) {
    this.status = status;
    if (status.phase !== "live") this.freshness.stop();
    if (status.phase === "live") this.commands.resend();
    else if (status.phase !== "door") this.pinger.stop();
    if (status.phase === "ended") {
      // Who has to sign in again may come back; who left or was removed may not.
      this.commands.abandon("You are not in the room any more.", { forget: status.code !== TOKEN_REFUSED });
    }
    this.#tell({ kind: "status" });
  }

  #sendWhenLive(message) {
    return this.status.phase === "live" && this.connection.send(message);
  }

  #tell(change) {
    for (const listener of this.#listeners) listener(change);
  }
}
