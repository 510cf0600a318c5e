/** Which of thousands of lines stand in the page: as many as a few screens hold, where somebody reads. Pure. */

/** Lines that stand there at first; at most; and that come and go in a frame when somebody reads on. */
const FIRST = 30;
const MOST = 150;
const STEP = 10;

export class LineWindow {
  /** Lines after those that are shown. */
  after = 0;
  #count = FIRST;
  #known = 0;

  /** @template T @param {T[]} all @returns {T[]} */
  of(all) {
    // What came in below does not push away what is being read.
    if (this.after > 0) this.after = Math.max(0, this.after + all.length - this.#known);
    this.#known = all.length;
    const end = all.length - this.after;
    return all.slice(Math.max(0, end - this.#count), end);
  }

  /** Lines before those that are shown. */
  get before() {
    return Math.max(0, this.#known - this.after - this.#count);
  }

  /** So many more lines are known, which are older than all. */
  grew(lines) {
    this.#known += lines;
  }

  earlier() {
    this.#count += Math.min(STEP, this.before);
    this.after += Math.max(0, this.#count - MOST);
    this.#count = Math.min(MOST, this.#count);
  }

  later() {
    this.after = Math.max(0, this.after - STEP);
  }

  toEnd() {
    this.after = 0;
    this.#count = FIRST;
  }
}
