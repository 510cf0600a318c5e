import assert from "node:assert/strict";
import test from "node:test";

import * as coarse from "../../web/static/js/models/laws/coarse.js";
import * as jumps from "../../web/static/js/models/laws/jumps.js";
import { TICK_MS } from "../../web/static/js/models/laws/law.js";
import * as nudge from "../../web/static/js/models/laws/nudge.js";
import { dice, quantile } from "./support.mjs";

/** Seconds after which a room is in its steady state. */
const STEADY_S = 15;

/**
 * A player on a clock of its own (`drift`), that loses `seekCost()` ms with each jump and lands `landing()` ms off, and whose
 * position is read with `noise(now)`. Returns the true errors at each tick, what the law did, and the law as it is at the end.
 */
function play(law, { start = 0, seconds = 60, drift = 0, noise = () => 0, seekCost = () => 80, landing = () => 0, base = 1,
  disturb = () => 0, options, rateCost = () => 0, late = () => 0 } = {}) {
  let error = start;
  let state = law.newLaw(0, options);
  let correction = 0;
  let stuckUntil = -Infinity;
  let last = 0;
  const errors = [];
  const done = { rate: 0, seek: 0, most: 0, writes: [], seeks: [] };
  for (let tick = 0; tick < seconds * 1_000; tick += TICK_MS) {
    const now = tick + late(tick);
    const stuck = Math.max(0, Math.min(now - last, stuckUntil - last));
    error += stuck * base + (now - last - stuck) * base * (1 - (1 + correction) * (1 + drift)) + disturb(tick);
    last = now;
    errors.push(Math.abs(error));
    if (now < stuckUntil) {
      // Whoever steers sees that it does not move.
      state = law.settled(state, now, state.landing);
      continue;
    }
    const { law: after, action } = law.step(state, { now, error: error + noise(now), base });
    state = after;
    if (action.type === "rate") {
      correction = action.correction;
      error += rateCost();
      done.writes.push(now);
    }
    if (action.type === "seek") {
      correction = action.correction;
      error = -action.lead * base + landing();
      stuckUntil = now + seekCost();
      done.seeks.push(now);
    }
    if (now > STEADY_S * 1_000) done.most = Math.max(done.most, Math.abs(correction));
  }
  const perMinute = (times) => (times.filter((at) => at > STEADY_S * 1_000).length / (seconds - STEADY_S)) * 60;
  const steady = errors.slice((STEADY_S * 1_000) / TICK_MS);
  return { errors, steady, done, law: state, writes: perMinute(done.writes), seeks: perMinute(done.seeks) };
}

/** The first moment from which on it stayed within so many milliseconds. */
const within = (errors, ms) => (errors.findLastIndex((error) => error > ms) + 1) * TICK_MS;
const around = (size, seed) => {
  const random = dice(seed);
  return () => (random() * 2 - 1) * size;
};
/** What Chromium's position does with a sound card: a saw-tooth that beats against the ticks. */
const sawTooth = (size, period = 23.3) => (now) => ((now % period) / period) * 2 * size - size;

test("a perfect element is left alone", () => {
  const { done } = play(nudge);
  assert.deepEqual([done.writes, done.seeks], [[], []]);
});

for (const drift of [100e-6, -100e-6]) {
  test(`${drift * 1e6} ppm: below 1 ms and 10 writes a minute, without a jump, within half a per cent`, () => {
    const { steady, done, writes } = play(nudge, { drift, noise: around(0.2, 3), seconds: 180 });
    assert.ok(quantile(steady, 0.95) <= 0.7, `p95 was ${quantile(steady, 0.95)}`);
    assert.ok(writes <= 4, `${writes} writes a minute`);
    assert.equal(done.seeks.length, 0);
    assert.ok(done.most <= 0.005);
  });

  test(`${drift * 1e6} ppm and a saw-tooth of 5.4 ms: still about a millisecond and 10 writes a minute`, () => {
    for (const period of [10.7, 21.3, 23.3, 47]) {
      const late = around(3, 2);
      const { steady, done, writes } = play(nudge, { drift, noise: sawTooth(5.4, period), late, seconds: 180 });
      assert.ok(quantile(steady, 0.95) < 2.5, `p95 was ${quantile(steady, 0.95)} with ${period}`);
      assert.ok(writes <= 10, `${writes} writes a minute with ${period}`);
      assert.equal(done.seeks.length, 0);
    }
  });
}

test("white noise of 5.4 ms is averaged out, with few writes", () => {
  for (const seed of [5, 6, 7]) {
    const { steady, writes } = play(nudge, { drift: 90e-6, noise: around(5.4, seed), seconds: 180 });
    assert.ok(quantile(steady, 0.95) < 2, `p95 was ${quantile(steady, 0.95)}`);
    assert.ok(writes <= 20, `${writes} writes a minute`);
  }
});

test("where each write costs up to 1 ms of position, writes do not breed writes", () => {
  const { steady, writes } = play(nudge, { drift: 100e-6, noise: around(0.2, 1), rateCost: around(1, 2), seconds: 180 });
  assert.ok(quantile(steady, 0.95) < 1.5, `p95 was ${quantile(steady, 0.95)}`);
  assert.ok(writes <= 20, `${writes} writes a minute`);
});

test("ticks that come late, and spikes of -7 ms, change nothing", () => {
  const random = dice(9);
  const noise = () => (random() < 0.05 ? 7 : 0) + (random() - 0.5) * 0.2;
  const { steady, writes } = play(nudge, { drift: 60e-6, noise, late: () => random() * 40, seconds: 120 });
  assert.ok(quantile(steady, 0.95) < 1, `p95 was ${quantile(steady, 0.95)}`);
  assert.ok(writes <= 10, `${writes} writes a minute`);
});

test("a clock that corrects itself by 2 ms is followed, and not taken for drift", () => {
  const disturb = (now) => (now % 20_000 === 19_000 ? (now % 40_000 < 20_000 ? 2 : -2) : 0);
  const { steady, writes, law } = play(nudge, { drift: 50e-6, noise: around(0.1, 4), disturb, seconds: 180 });
  assert.ok(quantile(steady, 0.95) < 2, `p95 was ${quantile(steady, 0.95)}`);
  assert.ok(writes <= 20, `${writes} writes a minute`);
  assert.ok(Math.abs(nudge.learned(law).drift + 50e-6) < 40e-6, `drift was ${nudge.learned(law).drift}`);
});

test("what was learned of the drift is used from the start of the next track", () => {
  const options = nudge.learned(play(nudge, { drift: 100e-6, seconds: 60 }).law);
  const { errors, done } = play(nudge, { drift: 100e-6, seconds: 60, options });
  assert.ok(done.writes.length <= 2);
  assert.ok(Math.max(...errors) < 0.5);
});

test("15 ms are within 10 in less than half a second, 30 ms in less than a second, without a jump", () => {
  for (const [start, ms] of [[15, 450], [-15, 450], [24, 800]]) {
    const { errors, done } = play(nudge, { start, seconds: 5, noise: around(0.2, 8) });
    assert.ok(within(errors, 10) <= ms, `took ${within(errors, 10)}`);
    assert.ok(within(errors, 1) < 2_500, `took ${within(errors, 1)}`);
    assert.equal(done.seeks.length, 0);
  }
});

test("a late joiner 12 s off lands within 20 ms in about a second, and within 2 ms soon after", () => {
  for (const cost of [50, 80, 110]) {
    const { errors, done } = play(nudge, { start: 12_000, seconds: 6, seekCost: () => cost });
    assert.ok(within(errors, 20) <= 900, `took ${within(errors, 20)}`);
    assert.ok(errors.at(-1) < 2);
    assert.ok(done.seeks.length <= 2);
  }
});

test("what a jump costs is learned", () => {
  const jolts = (now) => (now > 4_000 && now % 4_000 === 0 ? 300 : 0);
  const { law } = play(nudge, { seekCost: () => 130, seconds: 40, disturb: jolts });
  assert.ok(Math.abs(law.lead - 130) < 15, `lead was ${law.lead}`);
});

test("a stall of 4 s: one jump, and in step again within a second", () => {
  let law = null;
  const stalled = { ...nudge, step: (state, reading) => {
    law = reading.now >= 20_000 && reading.now < 24_000 ? nudge.settled(state, reading.now, false) : state;
    return nudge.step(law, reading);
  } };
  const disturb = (now) => (now >= 20_000 && now < 24_000 ? TICK_MS : 0);
  const { errors, done } = play(stalled, { seconds: 40, disturb, noise: around(0.2, 6) });
  assert.equal(done.seeks.length, 1);
  assert.ok(within(errors, 10) < 25_000, `took until ${within(errors, 10)}`);
});

test("media without a seek table, where jumps land up to 400 ms off: they become rare, the rate does the rest", () => {
  const { errors, done, steady } = play(nudge, { start: 5_000, seconds: 90, landing: around(400, 3), noise: around(0.2, 2) });
  assert.ok(done.seeks.length <= 6, `${done.seeks.length} jumps`);
  assert.ok(within(errors, 10) < 30_000, `took ${within(errors, 10)}`);
  assert.ok(quantile(steady, 0.5) < 2);
});

test("a length that lies: beyond the true end no jump helps, and they soon become rare", () => {
  for (const law of [nudge, jumps]) {
    const { done } = play(law, { start: 5_000, seconds: 120, disturb: () => 400 });
    assert.ok(done.seeks.length <= 9, `${done.seeks.length} jumps`);
    assert.ok(done.seeks.at(-1) - done.seeks.at(-2) > 20_000);
  }
});

test("a room that plays at double speed is followed just as closely", () => {
  const { steady, done } = play(nudge, { base: 2, start: 12, drift: 90e-6, noise: around(0.2, 4), seconds: 60 });
  assert.ok(quantile(steady, 0.95) < 1.5);
  assert.equal(done.seeks.length, 0);
});

test("readings from before a stall do not count after it", () => {
  let law = nudge.newLaw(0);
  for (let now = 200; now < 2_000; now += TICK_MS) law = nudge.step(law, { now, error: 5, base: 1 }).law;
  assert.ok(Math.abs(nudge.estimate(law)) <= 6);
  law = nudge.settled(law, 2_000, false);
  assert.equal(nudge.estimate(law), null);
  assert.equal(nudge.step(law, { now: 2_100, error: 900, base: 1 }).action.type, "hold");
});

test("jumps alone: the rate is never touched, 35 ms are borne, 60 ms are jumped over once", () => {
  const noise = around(20, 5);
  const borne = play(jumps, { disturb: (now) => (now === 3_000 ? 35 : 0), noise, seconds: 60 });
  assert.deepEqual([borne.done.writes.length, borne.done.seeks.length], [0, 0]);
  const { done, errors } = play(jumps, { disturb: (now) => (now === 20_000 ? 60 : 0), noise, seconds: 60 });
  assert.deepEqual([done.writes.length, done.seeks.length], [0, 1]);
  assert.ok(errors.at(-1) < 25, `was ${errors.at(-1)}`);
});

test("jumps alone, each landing up to 90 ms off: at most one in 5 s, more is borne after a miss, then less again", () => {
  const disturb = (now) => (now === 20_000 ? 60 : 0);
  const { done, law } = play(jumps, { disturb, landing: around(90, 4), seconds: 180 });
  const late = done.seeks.filter((when) => when > 2_000);
  for (let n = 1; n < late.length; n += 1) assert.ok(late[n] - late[n - 1] >= 5_000);
  assert.ok(late.length <= 6, `${late.length} jumps`);
  assert.ok(law.tolerance <= 200);
});

const YOUTUBE_RATES = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2];
/** A jump there: 0.3 to 0.8 s, and up to 100 ms off. */
const youtube = (seed) => {
  const random = dice(seed);
  return { seekCost: () => 300 + random() * 500, landing: around(100, seed + 1), noise: around(60, seed + 2), drift: 50e-6,
    options: { rates: YOUTUBE_RATES } };
};

test("coarse: a late joiner is within 150 ms for good after some seconds, p95, and hardly anything is done", () => {
  const all = [];
  for (let seed = 1; seed <= 20; seed += 1) {
    const { steady, seeks, writes, done } = play(coarse, { ...youtube(seed), start: 900 + seed * 300, seconds: 60 });
    all.push(...steady);
    assert.ok(done.seeks.length <= 3, `${done.seeks.length} jumps`);
    assert.equal(seeks, 0);
    assert.ok(writes <= 6, `${writes} writes a minute`);
    assert.ok(done.writes.length % 2 === 0, "a burst was not ended");
  }
  assert.ok(quantile(all, 0.95) <= 150, `p95 was ${quantile(all, 0.95)}`);
});

test("coarse: an error below 150 ms is left alone, one below a second is made up at another rate within 4 s", () => {
  const calm = play(coarse, { ...youtube(3), start: 100, seconds: 30 });
  assert.deepEqual([calm.done.writes.length, calm.done.seeks.length], [0, 0]);
  for (const start of [-900, -300, 300, 900]) {
    const { done, errors } = play(coarse, { ...youtube(4), start, seconds: 30 });
    assert.deepEqual([done.writes.length, done.seeks.length], [2, 0], `with ${start}`);
    assert.ok(done.writes[1] - done.writes[0] <= 4_000 + TICK_MS);
    assert.ok(errors.at(-1) < 80, `was ${errors.at(-1)}`);
  }
});

test("coarse: without other rates it jumps, at most once in 5 s, and what always misses is borne", () => {
  const { done } = play(coarse, { ...youtube(5), options: { rates: [1] }, start: 600, seconds: 60 });
  assert.equal(done.writes.length, 0);
  assert.ok(done.seeks.length >= 1 && done.seeks.length <= 3, `${done.seeks.length} jumps`);
  const wild = play(coarse, { ...youtube(5), options: { rates: [1] }, landing: around(1_500, 8), start: 600, seconds: 180 });
  for (let n = 1; n < wild.done.seeks.length; n += 1) assert.ok(wild.done.seeks[n] - wild.done.seeks[n - 1] >= 5_000);
  assert.ok(wild.done.seeks.length <= 12, `${wild.done.seeks.length} jumps`);
});

test("coarse: the room's own rate is the one that it comes back to", () => {
  const { done, errors, law } = play(coarse, { ...youtube(6), base: 1.5, start: 400, seconds: 30 });
  assert.deepEqual([done.writes.length, done.seeks.length, law.correction], [2, 0, 0]);
  assert.ok(errors.at(-1) < 100);
});
