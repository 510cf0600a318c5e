/**
 * Commands under way. Each has an id of its own and is kept until the server has answered it, so that it can be sent
 * again after a reconnect: the server carries out an id once, however often it comes.
 */

/** A play or a skip that waited longer than this for a connection would surprise everybody. */
const STALE_MS = 15_000;
/** What somebody wrote or chose is worth sending however late. */
const KEEPS = new Set(["say", "add"]);
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
  /** @type {Map<string, {message: object, at: number, tries: number, resolve: Function, reject: Function}>} */
  #pending = new Map();
  #count = 0;

  /**
   * @param {{send: (message: object) => boolean, now?: () => number, prefix?: string,
   *   later?: (run: () => void, ms: number) => unknown}} parts
   */
  constructor({ send, now = () => performance.now(), prefix = randomPrefix(), later = (run, ms) => setTimeout(run, ms) }) {
    this.send = send;
    this.now = now;
    this.prefix = prefix;
    this.later = later;
  }

  /**
   * Sends a command; the promise holds the server's `ack`, or fails with a CommandError.
   * @param {string} type @param {object} [fields]
   */
  run(type, fields = {}) {
    this.#count += 1;
    const message = { ...fields, type, id: `${this.prefix}-${this.#count}` };
    return new Promise((resolve, reject) => {
      this.#pending.set(message.id, { message, at: this.now(), tries: 0, resolve, reject });
      this.send(message);
    });
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
    this.#pending.delete(message.id);
    if (message.type === "ack") command.resolve(message);
    else command.reject(new CommandError(message));
  }

  /**
   * A commit of one's own tells whoever asked as much as its `ack`. Until that has come the command is kept all the same:
   * a server that loses what it has just told says so, and then it is sent again.
   */
  done({ command, epoch, rev }) {
    this.#pending.get(command)?.resolve({ type: "ack", id: command, epoch, rev });
  }

  /** After a reconnect: what is still unanswered goes out again, in the order in which it was asked for. */
  resend() {
    for (const [id, command] of this.#pending) {
      if (!KEEPS.has(command.message.type) && this.now() - command.at > STALE_MS) {
        this.#pending.delete(id);
        command.reject(new CommandError({ code: "offline", message: "There was no connection for too long; try again." }));
      } else {
        this.send(command.message);
      }
    }
  }

  /** No connection will come again: nothing of this will be answered. */
  abandon(message) {
    for (const command of this.#pending.values()) command.reject(new CommandError({ code: "ended", message }));
    this.#pending.clear();
  }
}

/** `crypto.randomUUID` exists on https pages only; `getRandomValues` also on a plain local network. */
function randomPrefix() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
