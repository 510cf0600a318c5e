/**
 * What somebody wrote or chose and the server has not answered yet, kept where a reload does not reach it: one record for
 * each room and person, with each command's own id, under which the server carries it out once.
 *
 * @typedef {{message: {id: string, type: string}, at: number}} Kept `at`: ms since 1970, by this device's clock
 */

const PREFIX = "roomd.kept.";
/** So many wait at most. Of them so many characters are kept; what nobody came back for within a week is forgotten. */
const MOST = 50;
const MOST_CHARACTERS = 100_000;
const FORGOTTEN_MS = 7 * 86_400_000;

export class Outbox {
  #key;

  /** @param {{storage: Storage, room: string, user: string, now?: () => number}} parts */
  constructor({ storage, room, user, now = () => Date.now() }) {
    this.storage = storage;
    this.now = now;
    this.#key = `${PREFIX}${room}.${user}`;
  }

  /** In the order in which they were asked for. @returns {Kept[]} */
  get all() {
    return read(this.storage, this.#key).filter(({ at }) => this.now() - at < FORGOTTEN_MS);
  }

  has(id) {
    return this.all.some(({ message }) => message.id === id);
  }

  /** Keeps a command, with the time as it is now. @returns {boolean} false when too much waits already */
  put(message) {
    const others = this.all;
    const kept = { message, at: this.now() };
    const before = others.findIndex((each) => each.message.id === message.id);
    if (before >= 0) others[before] = kept;
    else others.push(kept);
    if (others.length > MOST) return false;
    // A very long list of songs is sent all the same; only a reload would lose it.
    if (JSON.stringify(others).length <= MOST_CHARACTERS) this.#write(others);
    return true;
  }

  drop(id) {
    const all = this.all;
    const others = all.filter(({ message }) => message.id !== id);
    if (others.length < all.length) this.#write(others);
  }

  clear() {
    this.#write([]);
  }

  #write(all) {
    try {
      if (all.length > 0) this.storage.setItem(this.#key, JSON.stringify(all));
      else this.storage.removeItem(this.#key);
    } catch {
      // Storage is full or switched off: it is still sent, only a reload would lose it.
    }
  }
}

/** In which rooms something waits, and how much. @param {Storage} storage @returns {{room: string, count: number}[]} */
export function waitingRooms(storage) {
  const counts = new Map();
  for (let n = 0; n < storage.length; n += 1) {
    const key = storage.key(n);
    if (!key.startsWith(PREFIX)) continue;
    const room = key.slice(PREFIX.length).split(".")[0];
    counts.set(room, (counts.get(room) ?? 0) + read(storage, key).length);
  }
  return [...counts].map(([room, count]) => ({ room, count })).filter(({ count }) => count > 0);
}

function read(storage, key) {
  try {
    const all = JSON.parse(storage.getItem(key) ?? "[]");
    return Array.isArray(all) ? all.filter((each) => typeof each?.message?.id === "string" && typeof each.at === "number") : [];
  } catch {
    return [];
  }
}
