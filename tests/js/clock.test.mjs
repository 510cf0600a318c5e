import assert from "node:assert/strict";
import test from "node:test";

import { RoomClock } from "../../web/static/js/client/clock.js";
import { dice, quantile } from "./support.mjs";

/**
 * Plays five minutes of pings over a line with the given delays, and returns how far the estimate was off (ms) at each
 * ping after the first 30 s. Both directions are FIFO, as TCP is: nothing overtakes.
 */
function errors({ up, down, skew = 0, seed = 1, every = 500, minutes = 5 }) {
  const random = dice(seed);
  const epoch = 1_795_000_000_000;
  let real = 0;
  const local = () => real * (1 + skew) + 5_000;
  const clock = new RoomClock({ now: local, wall: local });
  const off = [];
  let lastUp = 0;
  let lastDown = 0;
  for (let sent = 0; sent < minutes * 60_000; sent += sent < 600 ? 60 : every) {
    real = Math.max(sent, real);
    const c0 = local();
    lastUp = Math.max(lastUp, real + up(random));
    lastDown = Math.max(lastDown, lastUp + 0.1 + down(random));
    const answered = lastUp + 0.1;
    real = lastDown;
    clock.add({ c0, s1: epoch + lastUp, s2: epoch + answered, c3: local(), clock: "a" });
    if (sent > 30_000) off.push(Math.abs(clock.now() - (epoch + real)));
  }
  return off;
}

const exponential = (mean) => (random) => -mean * Math.log(1 - random());
const uniform = (from, to) => (random) => from + random() * (to - from);
const plus = (base, more) => (random) => base + more(random);

test("Wi-Fi like jitter: p95 below 5 ms, and below 1.5 ms with the drift fitted", () => {
  for (const seed of [1, 2, 3]) {
    const off = errors({ up: plus(3, exponential(4)), down: plus(3, exponential(8)), skew: 100e-6, seed });
    assert.ok(quantile(off, 0.95) < 1.5, `p95 was ${quantile(off, 0.95)}`);
  }
});

test("a poor mobile line, 20-60 ms up and 20-150 ms down: p95 below 8 ms, median below 4 ms", () => {
  for (const skew of [0, 100e-6, -100e-6]) {
    const off = errors({ up: uniform(20, 60), down: uniform(20, 150), skew, seed: 7 });
    assert.ok(quantile(off, 0.5) < 4, `median was ${quantile(off, 0.5)}`);
    assert.ok(quantile(off, 0.95) < 8, `p95 was ${quantile(off, 0.95)}`);
  }
});

test("on a quiet line the estimate is exact and says how sure it is", () => {
  const clock = new RoomClock({ now: () => 120, wall: () => 120 });
  assert.equal(clock.uncertainty(), Infinity);
  assert.equal(clock.ready, false);
  clock.add({ c0: 100, s1: 1_010, s2: 1_010, c3: 120 });
  assert.equal(clock.uncertainty(), 10);
  assert.equal(clock.now(), 1_020);
});

test("the true offset always lies within the stated uncertainty", () => {
  const random = dice(11);
  let real = 0;
  const clock = new RoomClock({ now: () => real, wall: () => real });
  for (let sent = 0; sent < 60_000; sent += 500) {
    const there = sent + 5 + random() * 80;
    real = there + 5 + random() * 80;
    clock.add({ c0: sent, s1: there + 777, s2: there + 777, c3: real });
    assert.ok(Math.abs(clock.now() - real - 777) <= clock.uncertainty() + 2 + 1e-6);
  }
});

test("another time base voids what was known", () => {
  let local = 0;
  const clock = new RoomClock({ now: () => local, wall: () => local });
  for (; local < 10_000; local += 500) clock.add({ c0: local, s1: local + 50, s2: local + 50, c3: local, clock: "a" });
  clock.add({ c0: local, s1: local + 90_000, s2: local + 90_000, c3: local, clock: "b" });
  assert.equal(clock.now(), local + 90_000);
});

test("a machine that slept starts afresh", () => {
  let local = 0;
  let wall = 0;
  const clock = new RoomClock({ now: () => local, wall: () => wall });
  for (let n = 0; n < 20; n += 1, local += 500, wall += 500) {
    clock.add({ c0: local, s1: local + 50, s2: local + 50, c3: local });
  }
  wall += 3_600_000;
  clock.add({ c0: local, s1: local + 3_600_050, s2: local + 3_600_050, c3: local });
  assert.equal(clock.now(), local + 3_600_050);
});

test("small corrections are slewed: what plays must not stumble", () => {
  let local = 0;
  const clock = new RoomClock({ now: () => local, wall: () => local });
  for (let n = 0; n < 15; n += 1, local += 100) clock.add({ c0: local - 60, s1: local, s2: local, c3: local });
  const before = clock.now() - local;
  clock.add({ c0: local - 60, s1: local - 59, s2: local - 59, c3: local });
  assert.ok(Math.abs(clock.now() - local - before) <= 2);
});
