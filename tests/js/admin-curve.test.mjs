import assert from "node:assert/strict";
import { test } from "node:test";
import { lately } from "../../web/static/js/models/admin/when.js";
import { line, peak } from "../../web/static/js/models/admin/curve.js";

test("a curve is as high as its highest point, and breaks off where nothing is known", () => {
  const points = [0, 5, null, 10, null];
  assert.equal(peak(points), 10);
  assert.equal(line(points, 10), "M0.0 100.0L25.0 50.0M75.0 0.0h0.5");
});

test("where nothing happened it lies on the ground, and where nothing is known there is none", () => {
  assert.equal(line([0, 0], 0), "M0.0 100.0L100.0 100.0");
  assert.equal(line([null], 0), "");
  assert.equal(peak([null]), 0);
});

test("how long ago something was is told in the largest unit that fits", () => {
  const now = 1_800_000_000_000;
  assert.equal(lately(now - 90 * 60_000, now, "en"), "1 hr. ago");
  assert.equal(lately(now - 86_400_000, now, "en"), "yesterday");
  assert.equal(lately(now, now, "en"), "now");
});
