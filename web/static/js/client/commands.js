/**
 * Commands under way. Each has an id of its own and is kept until the server has answered it, so that it can be sent
 * again after a reconnect: the server carries out an id once, however often it comes. What is in an outbox survives a
 * reload of the page as well.
 *
 * @typedef {{id: string, type: string, message: any, at: number, asks: boolean, restored: boolean}} Waiting
 *   `at`: ms since 1970; `asks`: it goes out when somebody says so; `restored`: an earlier page asked for it
 */

/** A play or a skip that waited longer than this for a connection would surprise everybody. */
const STALE_MS = 15_000;
/** What somebody wrote or chose is worth sending however late. */
const KEEPS = new Set(["say", "add", "ask"]);
/** The server knows an id again for 10 minutes. What is older than this might be done twice, or surprise: it asks first. */
const KNOWN_MS = 9 * 60_000;
/** Milliseconds before a command that was refused for now is tried again, and how often. */
const RETRY_MS = 1_200;
const RETRIES = 4;

/** Why a command was not carried out: the `code`, `message` and `fields` of the server's answer. */
export class CommandError extends Error {
  constructor({ code, message, fields = {} }) {
    super(message);
    this.name = "CommandError";
    this.code = code;
    this.fields = fields;
  }
}

export class Commands {
  /** @type {Map<string, {message: object, at: number, since: number, asks: boolean, seen: boolean, restored: boolean, tries: number, resolve: Function, reject: Function}>} */
  #pending = new Map();
  #count = 0;
  /** @type {import("./outbox.js").Outbox | null} */
  #outbox = null;
  #listeners = new Set();

  /**
   * @param {{send: (message: object) => boolean, now?: () => number, wall?: () => number, prefix?: string,
   *   later?: (run: () => void, ms: number) => unknown, explain?: (refusal: any) => any}} parts
   *   `wall`: ms since 1970, for what outlives the page; `explain`: a refusal in other words, perhaps by a promise
   */
  constructor({ send, now = () => performance.now(), wall = () => Date.now(), prefix = randomPrefix(), later = (run, ms) => setTimeout(run, ms), explain = null }) {
    this.send = send;
    this.now = now;
    this.wall = wall;
    this.prefix = prefix;
    this.later = later;
    this.explain = explain;
  }

  /**
   * Sends a command; the promise holds the server's `ack`, or fails with a CommandError.
   * @param {string} type @param {object} [fields] @param {string} [id] the one under which it was sent already
   */
  run(type, fields = {}, id = undefined) {
    this.#count += 1;
    const message = { ...fields, type, id: id ?? `${this.prefix}-${this.#count}` };
    if (KEEPS.has(type) && this.#outbox?.put(message) === false) {
      return new Promise((_, reject) => this.#fail(reject, { code: "too_much_waits", message: "Too much is waiting to be sent already." }));
    }
    return new Promise((resolve, reject) => {
      this.#pending.set(message.id, { message, at: this.now(), since: this.wall(), asks: false, seen: false, restored: false, tries: 0, resolve, reject });
      this.send(message);
      this.#changed(message);
    });
  }

  /**
   * From now on what is worth it is kept in the outbox; what an earlier page left there goes out with the rest. `refused`
   * hears of those that the server would not carry out, as nobody else waits for their answers.
   * @param {import("./outbox.js").Outbox} outbox @param {(message: any, fault: CommandError) => void} refused
   */
  keepIn(outbox, refused) {
    if (this.#outbox) return;
    this.#outbox = outbox;
    const newer = [...this.#pending];
    this.#pending.clear();
    for (const { message, at } of outbox.all) {
      this.#pending.set(message.id, { message, at: this.now(), since: at, asks: false, seen: false, restored: true, tries: 0, resolve() {}, reject: (fault) => refused(message, fault) });
    }
    for (const [id, command] of newer) {
      this.#pending.set(id, command);
      if (KEEPS.has(command.message.type)) outbox.put(command.message);
    }
    this.#changed();
  }

  /** What is kept until it is answered, in order; without what a commit has shown already. @returns {Waiting[]} */
  get waiting() {
    return [...this.#pending.values()]
      .filter(({ message, seen }) => KEEPS.has(message.type) && !seen)
      .map(({ message, since, asks, restored }) => ({ id: message.id, type: message.type, message, at: since, asks, restored }));
  }

  /** Sends what has asked first. */
  approve(id) {
    const command = this.#pending.get(id);
    if (!command?.asks) return;
    command.asks = false;
    command.since = this.wall();
    this.#outbox?.put(command.message);
    this.send(command.message);
    this.#changed();
  }

  /** Gives up what has asked first. */
  discard(id) {
    const command = this.#pending.get(id);
    if (!command?.asks) return;
    this.#forget(id);
    if (!command.restored) this.#fail(command.reject, { code: "discarded", message: "It was not sent." });
  }

  /** @param {(added?: any) => void} tell of every change of what waits; `added`: the command that is new */
  listen(tell) {
    this.#listeners.add(tell);
  }

  get size() {
    return this.#pending.size;
  }

  /** Takes an `ack` or `error`; anything without a known id is somebody else's. */
  answer(message) {
    const command = this.#pending.get(message.id);
    if (!command) return;
    if (message.type === "error" && message.retriable && command.tries < RETRIES) {
      command.tries += 1;
      this.later(() => this.#pending.has(message.id) && this.send(command.message), RETRY_MS * command.tries);
      return;
    }
    this.#forget(message.id);
    if (message.type === "ack") command.resolve(message);
    else this.#fail(command.reject, message);
  }

  /**
   * A commit of one's own tells whoever asked as much as its `ack`. Until that has come the command is kept all the same:
   * a server that loses what it has just told says so, and then it is sent again.
   */
  done({ command, epoch, rev }) {
    const known = this.#pending.get(command);
    if (!known) return;
    known.resolve({ type: "ack", id: command, epoch, rev });
    known.seen = true;
    // It had been heard after all, so there is nothing to ask.
    if (known.asks) this.#forget(command);
    else this.#changed();
  }

  /** After a reconnect: what is still unanswered goes out again, in the order in which it was asked for. */
  resend() {
    for (const [id, command] of this.#pending) {
      if (KEEPS.has(command.message.type)) {
        // Another tab may have sent it, or given it up.
        if (command.restored && !this.#outbox?.has(id)) this.#pending.delete(id);
        else if (this.wall() - command.since > KNOWN_MS) command.asks = true;
        else this.send(command.message);
      } else if (this.now() - command.at > STALE_MS) {
        this.#pending.delete(id);
        this.#fail(command.reject, { code: "offline", message: "There was no connection for too long; try again." });
      } else {
        this.send(command.message);
      }
    }
    this.#changed();
  }

  /** No connection will come again: nothing of this will be answered. `forget`: nor on another page. */
  abandon(message, { forget = true } = {}) {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    if (forget) this.#outbox?.clear();
    for (const { restored, reject } of all) if (!restored) this.#fail(reject, { code: "ended", message });
    this.#changed();
  }

  #fail(reject, refusal) {
    if (!this.explain) reject(new CommandError(refusal));
    else Promise.resolve(this.explain(refusal)).then((said) => reject(new CommandError(said)));
  }

  #forget(id) {
    this.#pending.delete(id);
    this.#outbox?.drop(id);
    this.#changed();
  }

  #changed(added) {
    for (const tell of this.#listeners) tell(added);
  }
}

/** `crypto.randomUUID` exists on https pages only; `getRandomValues` also on a plain local network. */
function randomPrefix() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
