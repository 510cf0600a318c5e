import assert from "node:assert/strict";
import test from "node:test";

import { TICK_MS, estimate, newLaw, settled, step } from "../../web/static/js/models/sync-law.js";
import { dice, quantile } from "./support.mjs";

/**
 * An element that plays on a clock of its own (`drift`), loses `seekCost` ms with each jump, and whose reported position is
 * noisy. Returns the true error at each tick, and what the law did.
 */
function play({ start = 0, seconds = 30, drift = 0, noise = 0, seekCost = 80, base = 1, seed = 1, disturb = () => 0 }) {
  const random = dice(seed);
  let error = start;
  let law = newLaw(0);
  let correction = 0;
  let stuckUntil = -Infinity;
  const errors = [];
  const done = { rate: 0, seek: 0, most: 0 };
  for (let now = 0; now < seconds * 1_000; now += TICK_MS) {
    const stuck = Math.max(0, Math.min(TICK_MS, stuckUntil - (now - TICK_MS)));
    error += stuck * base + (TICK_MS - stuck) * base * (1 - (1 + correction) * (1 + drift)) + disturb(now);
    errors.push(error);
    const reading = error + (random() * 2 - 1) * noise;
    const { law: after, action } = step(law, { now, error: reading, base });
    law = after;
    if (action.type === "rate") correction = action.correction;
    if (action.type === "seek") {
      correction = 0;
      error = -action.lead * base;
      stuckUntil = now + seekCost;
      law = settled(law, now + 4, true);
    }
    if (action.type !== "hold") done[action.type] += 1;
    done.most = Math.max(done.most, Math.abs(correction));
  }
  return { errors: errors.map(Math.abs), done, law };
}

test("a perfect element is left alone", () => {
  const { done } = play({});
  assert.deepEqual([done.rate, done.seek], [0, 0]);
});

test("an element on a clock 90 ppm off stays within 2 ms, without a jump and within half a per cent", () => {
  const { errors, done } = play({ drift: 90e-6, seconds: 120 });
  assert.ok(quantile(errors.slice(100), 0.95) < 2);
  assert.equal(done.seek, 0);
  assert.ok(done.most <= 0.005);
});

test("a saw-tooth of 5 ms in the reading is averaged out", () => {
  const { errors, done } = play({ drift: 90e-6, noise: 5.4, seconds: 120, seed: 5 });
  assert.ok(quantile(errors.slice(100), 0.95) < 4, `p95 was ${quantile(errors.slice(100), 0.95)}`);
  assert.equal(done.seek, 0);
});

test("15 ms are made up in about a second, without a jump", () => {
  const { errors, done } = play({ start: 15, seconds: 5 });
  assert.ok(errors[Math.round(1_500 / TICK_MS)] < 3);
  assert.equal(done.seek, 0);
});

test("a late joiner 12 s off lands within 20 ms in less than a second, and within 2 ms soon after", () => {
  const { errors, done } = play({ start: 12_000, seconds: 6 });
  assert.ok(errors[Math.round(900 / TICK_MS)] < 20, `was ${errors[Math.round(900 / TICK_MS)]}`);
  assert.ok(errors.at(-1) < 2);
  assert.ok(done.seek <= 2);
});

test("what a jump costs is learned", () => {
  const jolts = (now) => (now > 4_000 && now % 4_000 === 0 ? 300 : 0);
  const { law } = play({ seekCost: 130, seconds: 40, disturb: jolts });
  assert.ok(Math.abs(law.lead - 130) < 15, `lead was ${law.lead}`);
});

test("where no jump helps, they soon become rare", () => {
  const { done } = play({ start: 5_000, seconds: 60, disturb: () => 400 });
  assert.ok(done.seek <= 8, `${done.seek} jumps`);
});

test("without nudges the rate is never touched, and only a large error is jumped over", () => {
  let law = newLaw(0, { nudges: false });
  const actions = [];
  for (let now = 0; now < 60_000; now += TICK_MS) {
    const { law: after, action } = step(law, { now, error: now < 30_000 ? 20 : 60, base: 1 });
    law = after;
    actions.push(action.type);
  }
  assert.equal(actions.includes("rate"), false);
  assert.equal(actions.slice(0, 30_000 / TICK_MS).includes("seek"), false);
  const jumps = actions.filter((type) => type === "seek").length;
  assert.ok(jumps >= 1 && jumps <= 6, `${jumps} jumps`);
});

test("a room that plays at double speed is followed just as closely", () => {
  const { errors, done } = play({ base: 2, start: 12, drift: 90e-6, seconds: 20 });
  assert.ok(errors.at(-1) < 3);
  assert.equal(done.seek, 0);
});

test("readings from before a stall do not count after it", () => {
  let law = newLaw(0);
  for (let now = 200; now < 2_000; now += TICK_MS) law = step(law, { now, error: 5, base: 1 }).law;
  assert.ok(Math.abs(estimate(law)) <= 6);
  law = settled(law, 2_000, false);
  assert.equal(estimate(law), null);
  assert.equal(step(law, { now: 2_100, error: 900, base: 1 }).action.type, "hold");
});
