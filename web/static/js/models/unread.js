/** Which lines came in unseen: how many, and the first of them, above which a page that comes back says so. */

export class Unread {
  count = 0;
  /** Where one was, for those who come back: the first line that was not seen, and how many there were; null before any. */
  mark = null;
  #read = true;

  /** @param {string[]} ids of lines, the oldest first */
  add(ids) {
    if (ids.length === 0) return;
    this.mark = this.#read ? { first: ids[0], count: ids.length } : { ...this.mark, count: this.mark.count + ids.length };
    this.#read = false;
    this.count += ids.length;
  }

  clear() {
    this.count = 0;
    this.#read = true;
  }
}

/**
 * The lines that others have said since the one that this device saw last.
 * @param {import("../client/room.js").Line[]} lines in order @param {string | null} seen its id
 * @param {string | undefined} you @returns {string[]} ids
 */
export function missed(lines, seen, you) {
  if (seen === null) return [];
  return lines.filter((line) => Number(line.id) > Number(seen) && line.by !== you).map((line) => line.id);
}

const KEY = "roomd.seen";
/** Rooms whose last line is remembered; the others were long ago. */
const ROOMS = 30;

/** The last line of each room that this device has shown. */
export class Seen {
  /** @param {Storage} storage @param {string} code the room's */
  constructor(storage, code) {
    this.storage = storage;
    this.code = code;
  }

  /** @returns {string | null} a line's id */
  get last() {
    return this.#all.find(([code]) => code === this.code)?.[1] ?? null;
  }

  note(id) {
    if (this.last === id) return;
    const others = this.#all.filter(([code]) => code !== this.code);
    this.storage.setItem(KEY, JSON.stringify([[this.code, id], ...others].slice(0, ROOMS)));
  }

  get #all() {
    try {
      const all = JSON.parse(this.storage.getItem(KEY) ?? "[]");
      return Array.isArray(all) ? all.filter(Array.isArray) : [];
    } catch {
      return [];
    }
  }
}

/** Milliseconds until somebody may write again where the room is slow; 0: now. */
export function slowFor(room, you, now) {
  if (!room.slow_mode_s) return 0;
  const own = room.chat.findLast((line) => line.by === you);
  return own ? Math.max(0, own.at + room.slow_mode_s * 1_000 - now) : 0;
}
