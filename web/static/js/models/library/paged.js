/** Before a part that could not be had is asked for again, in milliseconds. */
const AGAIN_MS = 5_000;

/**
 * A long list of which parts are known: they are fetched as they are looked at. What is moved, taken out or put in here has
 * been so at the server too; a part that was on its way meanwhile is asked for again.
 * @template T
 */
export class Paged {
  #broken = false;
  /** @type {T[]} */
  #items = [];
  #count = null;
  #edition = 0;
  #asked = new Set();

  /**
   * @param {{load: (offset: number, limit: number) => Promise<{items: T[], count: number}>, size?: number,
   *   changed?: () => void, failed?: (fault: Error) => void, later?: (run: () => void, ms: number) => unknown}} parts
   */
  constructor({ load, size = 100, changed = () => {}, failed = () => {}, later = (run, ms) => setTimeout(run, ms) }) {
    this.load = load;
    this.size = size;
    this.changed = changed;
    this.failed = failed;
    this.later = later;
  }

  /** null: not known yet. */
  get count() {
    return this.#count;
  }

  /** @returns {T | undefined} */
  at(index) {
    return this.#items[index];
  }

  /** What is known, in order. @returns {T[]} */
  get known() {
    return this.#items.filter((item) => item !== undefined);
  }

  indexOf(item) {
    return this.#items.indexOf(item);
  }

  /** Fetches what is missing of these places, the first of it first. @returns {Promise<void>} */
  async need(from, to) {
    const offset = this.#hole(from, to);
    if (offset === null || this.#broken || this.#asked.has(offset)) return undefined;
    this.#asked.add(offset);
    const edition = this.#edition;
    try {
      const { items, count } = await this.load(offset, this.size);
      if (edition === this.#edition) this.#put(offset, items, count);
    } catch (fault) {
      this.#asked.delete(offset);
      this.#broken = true;
      this.later(() => this.again(), AGAIN_MS);
      return this.failed(fault);
    }
    this.#asked.delete(offset);
    this.changed();
    return this.need(from, to);
  }

  /** After a failure: what is missing may be asked for again. */
  again() {
    if (!this.#broken) return;
    this.#broken = false;
    this.changed();
  }

  move(from, to) {
    const [item] = this.#items.splice(from, 1);
    this.#items.splice(to, 0, item);
    this.#edited();
  }

  remove(index) {
    this.#items.splice(index, 1);
    this.#count -= 1;
    this.#edited();
  }

  insert(index, item) {
    this.#items.length = Math.max(this.#items.length, index);
    this.#items.splice(index, 0, item);
    this.#count += 1;
    this.#edited();
  }

  /** Nothing is known any more. */
  forget() {
    this.#items = [];
    this.#count = null;
    this.#edition += 1;
    this.#asked.clear();
  }

  #edited() {
    this.#edition += 1;
    this.#asked.clear();
    this.changed();
  }

  #put(offset, items, count) {
    for (const [n, item] of items.entries()) this.#items[offset + n] = item;
    // A list that says it is longer than it proves to be would be asked for its rest for ever.
    this.#count = items.length < this.size ? Math.min(count, offset + items.length) : count;
    this.#items.length = Math.min(this.#items.length, this.#count);
  }

  #hole(from, to) {
    const end = Math.min(to, this.#count ?? 1);
    for (let index = Math.max(0, from); index < end; index += 1) if (this.#items[index] === undefined) return index;
    return null;
  }
}
