import assert from "node:assert/strict";
import { test } from "node:test";
import { lately } from "../../web/static/js/models/admin/when.js";
import { gaps, hours, line, peak, round, span } from "../../web/static/js/models/admin/curve.js";

test("a curve is as high as its highest point, and breaks off where nothing is known", () => {
  const points = [0, 5, null, 10, null];
  assert.equal(peak(points), 10);
  assert.equal(line(points, 10), "M10.0 100.0L30.0 50.0M70.0 0.0h0.5");
  assert.deepEqual(gaps(points), [[40, 20], [80, 20]]);
  assert.deepEqual(gaps([null, null, 1, 1]), [[0, 50]]);
});

test("where nothing happened it lies on the ground, and where nothing is known there is none", () => {
  assert.equal(line([0, 0], 1), "M25.0 100.0L75.0 100.0");
  assert.equal(line([null], 0), "");
  assert.equal(peak([null]), 0);
});

test("an axis ends at a number that is easily read", () => {
  assert.deepEqual([0, 0.039, 1, 9.9, 101, 206].map(round), [1, 0.04, 1, 10, 150, 250]);
});

test("a point is of a stretch, and full hours stand where they are", () => {
  const from = new Date(2026, 4, 1, 3, 30).getTime();
  const to = from + 86_400_000;
  assert.deepEqual(span(95, 96, from, to), [to - 900_000, to]);
  assert.deepEqual(hours(from, to).map(({ at }) => new Date(at).getHours()), [6, 12, 18, 0]);
  assert.equal(hours(from, to)[0].place, 2.5 / 24);
});

test("how long ago something was is told in the largest unit that fits", () => {
  const now = 1_800_000_000_000;
  assert.equal(lately(now - 90 * 60_000, now, "en"), "1 hr. ago");
  assert.equal(lately(now - 86_400_000, now, "en"), "yesterday");
  assert.equal(lately(now, now, "en"), "now");
});
