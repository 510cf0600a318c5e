/** A generator of numbers in [0, 1) that a seed reproduces (mulberry32). */
export function dice(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** The value below which the given share of the values lies. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** Timers on simulated time: nothing happens until `pass` is called. */
export class FakeTimers {
  #now = 0;
  #next = 1;
  #due = new Map();

  now = () => this.#now;

  set = (run, ms) => {
    const id = this.#next;
    this.#next += 1;
    this.#due.set(id, { at: this.#now + ms, run });
    return id;
  };

  clear = (id) => this.#due.delete(id);

  get waiting() {
    return [...this.#due.values()].map((timer) => timer.at - this.#now);
  }

  pass(ms) {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#due].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.#due.delete(due[0]);
      this.#now = Math.max(this.#now, due[1].at);
      due[1].run();
    }
    this.#now = end;
  }
}

/** Lets promises that are already settled tell whoever waits for them. */
export async function settle() {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

/** A browser's storage. */
export class FakeStorage {
  #items = new Map();

  get length() {
    return this.#items.size;
  }

  key = (n) => [...this.#items.keys()][n] ?? null;
  getItem = (key) => this.#items.get(key) ?? null;
  setItem = (key, value) => void this.#items.set(key, String(value));
  removeItem = (key) => void this.#items.delete(key);
}
