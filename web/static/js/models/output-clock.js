/**
 * Which instant of an AudioContext is heard when: the median of what the browser said over the last seconds.
 *
 * Browsers answer in jumps of their hardware buffer, and Chromium on a real device in a saw-tooth of 5 ms; a median over
 * 4 s is steady to some tenths of a millisecond, and lags two clocks that drift 100 ppm apart by 0.2 ms.
 */

const WINDOW_MS = 4_000;
/** From so many answers on the estimate is good enough to start by; from one, where a look is possible once a second only. */
const ENOUGH = 3;
const ENOUGH_MS = 1_000;
/** So many answers in a row that are all so far off the others, to the same side: after a dropout it is all different. */
const STEP = 5;
const STEP_MS = 15;
/** An answer about an instant further away than this, or that means a longer or shorter way to the ear, is none. */
const FAR_MS = 1_000;
const LONGEST_WAY_MS = 500;
const SHORTEST_WAY_MS = 1;
/** Latencies beyond this are garbage in some browsers (Bluetooth); Safari before 18.4 tells none. Then this is assumed. */
const LATENCY_MAX_S = 0.1;
const LATENCY_ASSUMED_S = 0.04;
/** A context that has stood still for so long although it runs has lost its device. */
const STUCK_MS = 500;

/**
 * @typedef {{now: number, current: number, stamp?: AudioTimestamp, output?: number}} Look
 *   local time (ms), `currentTime` (s), `getOutputTimestamp()` and `outputLatency` (s), all read at once
 */

export class OutputClock {
  /** Context time minus local time, in milliseconds, as it was said at `at`. @type {{at: number, value: number}[]} */
  #said = [];
  /** Whether the answers are taken; and how many in a row could not be. */
  #exact = false;
  #odd = 0;
  #current = -1;
  /** From when on it moves, when it was last seen to move, and when it was last looked at. */
  #since = Infinity;
  #movedAt = Infinity;
  #lookedAt = -Infinity;
  #offset = 0;

  /** After the context stood still: what was said before says nothing about after. */
  reset() {
    this.#said = [];
    this.#current = -1;
    this.#since = this.#movedAt = Infinity;
  }

  /** @param {Look} look */
  add(look) {
    const [before, lookedAt] = [this.#current, this.#lookedAt];
    this.#lookedAt = look.now;
    if (look.current === before) return;
    this.#current = look.current;
    this.#movedAt = look.now;
    // For its first second Chromium may say that it runs while it stands, and then answers nonsense.
    if (before < 0) return;
    this.#since = Math.min(this.#since, lookedAt);
    this.#take(look);
  }

  /** Whether the estimate is good enough to start by. */
  get ready() {
    return this.#said.length >= ENOUGH || (this.#said.length > 0 && this.#lookedAt - this.#since >= ENOUGH_MS);
  }

  /** Whether the context stood still when it was last looked at; in a hidden tab that is once a second. */
  get stuck() {
    return this.#lookedAt - this.#movedAt > STUCK_MS;
  }

  /** The context time (s) that is heard at this local time (ms). */
  contextAt(local) {
    return (local + this.#offset) / 1_000;
  }

  /** The local time (ms) at which this context time (s) is heard. */
  localAt(context) {
    return context * 1_000 - this.#offset;
  }

  #take(look) {
    const exact = isPlausible(look);
    this.#odd = exact ? 0 : this.#odd + 1;
    if (this.#exact && this.#said.length > 0 && this.#odd > 0 && this.#odd < STEP) return;
    if (exact !== this.#exact) this.#said = [];
    this.#exact = exact;
    const value = exact ? look.stamp.contextTime * 1_000 - look.stamp.performanceTime : guessed(look);
    this.#said = [...this.#said.filter((each) => look.now - each.at <= WINDOW_MS), { at: look.now, value }];
    const latest = this.#said.slice(-STEP);
    if (latest.length === STEP && isElsewhere(latest, this.#offset)) this.#said = latest;
    this.#offset = median(this.#said.map((each) => each.value));
  }
}

/**
 * Safari has answered in other units, and browsers answer zeros before anything sounds. Firefox 153 takes its latency off
 * both sides, as if everything were heard the moment it is made.
 */
function isPlausible({ now, current, stamp, output = 0 }) {
  if (!stamp || !(stamp.contextTime > 0) || !(stamp.performanceTime > 0)) return false;
  const since = now - stamp.performanceTime;
  const way = (current - stamp.contextTime) * 1_000 - since;
  const shortest = isLatency(output) ? Math.max(SHORTEST_WAY_MS, (output * 1_000) / 2) : SHORTEST_WAY_MS;
  return Math.abs(since) < FAR_MS && way > shortest && way < LONGEST_WAY_MS;
}

function guessed({ now, current, output = 0 }) {
  return (current - (isLatency(output) ? output : LATENCY_ASSUMED_S)) * 1_000 - now;
}

function isLatency(output) {
  return output > 0 && output <= LATENCY_MAX_S;
}

function isElsewhere(said, offset) {
  return said.every(({ value }) => value - offset > STEP_MS) || said.every(({ value }) => offset - value > STEP_MS);
}

function median(values) {
  const sorted = values.sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
