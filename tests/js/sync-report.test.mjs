import assert from "node:assert/strict";
import test from "node:test";

import { plotted } from "../../web/static/js/models/sync-plot.js";
import { HISTORY_S, SyncReport, quantile } from "../../web/static/js/models/sync-report.js";

const LOOK_MS = 100;
const player = (seeks = 0, name = "element") => ({ name, effort: () => ({ correction: 0, seeks, writes: 0 }) });

/** Looks at a device for so long, ten times a second; `error(n)` is that of the nth look. */
function watch(report, from, ms, { mode = "running", stalled = false, error = () => 0, of = player() } = {}) {
  for (let n = 0; n * LOOK_MS < ms; n += 1) report.note({ now: from + n * LOOK_MS, mode, stalled, error: error(n), player: of });
  return from + ms;
}

test("the mean is signed and of the last five seconds; the 95th percentile of all since the last report, without sign", () => {
  const report = new SyncReport();
  let now = watch(report, 0, 10_000, { error: () => 40 });
  now = watch(report, now, 5_000, { error: (n) => (n % 2 ? 3 : -5) });
  const told = report.take(now - LOOK_MS);
  assert.equal(told.error, -1);
  assert.equal(told.p95, 40);
  now = watch(report, now, 5_000, { error: (n) => (n % 2 ? 3 : -5) });
  assert.equal(report.take(now).p95, 5);
});

test("nothing heard is no distance", () => {
  const report = new SyncReport();
  const now = watch(report, 0, 5_000, { mode: "still", error: () => null });
  const { state, error, p95 } = report.take(now);
  assert.deepEqual([state, error, p95], ["still", null, null]);
  assert.equal(report.summary(), null);
});

test("a state is one once it has lasted: a jump is no buffering, and a cue no loading", () => {
  const report = new SyncReport();
  let now = watch(report, 0, 2_000);
  now = watch(report, now, 300, { stalled: true, error: () => null });
  assert.equal(report.state, "playing");
  now = watch(report, now, 500);
  now = watch(report, now, 300, { mode: "cued", error: () => null });
  now = watch(report, now, 500);
  assert.equal(report.state, "playing");
  now = watch(report, now, 600, { stalled: true, error: () => null });
  assert.equal(report.state, "buffering");
  now = watch(report, now, 600);
  now = watch(report, now, 600, { stalled: true, error: () => null });
  assert.equal(report.take(now).stalls, 2);
  assert.equal(report.take(now).stalls, 0);
});

test("one who plays reports every five seconds, a change at once but not twice in a second, one who is still every half minute", () => {
  const report = new SyncReport();
  const told = [];
  const look = (until, more) => {
    for (; now < until; now += LOOK_MS) {
      report.note({ now, mode: "running", stalled: false, error: 0, player: player(), ...more });
      if (report.due(now)) told.push([now, report.take(now).state]);
    }
  };
  let now = 0;
  look(11_000);
  assert.deepEqual(told, [[400, "playing"], [5_400, "playing"], [10_400, "playing"]]);
  look(50_000, { mode: "still", error: null });
  assert.deepEqual(told.slice(3), [[11_500, "still"], [41_500, "still"]]);
  look(50_500, { mode: "loading", error: null });
  look(51_000);
  look(53_000, { mode: "blocked", error: null });
  assert.deepEqual(told.slice(5), [[50_400, "loading"], [51_500, "blocked"]]);
});

test("jumps are counted since the last report, whoever plays", () => {
  const report = new SyncReport();
  const first = player(7);
  watch(report, 0, 500, { of: first });
  assert.equal(report.take(500).seeks, 0);
  first.effort = () => ({ seeks: 9 });
  watch(report, 500, 500, { of: first });
  watch(report, 1_000, 500, { of: player(4, "webaudio") });
  const { seeks, player: name } = report.take(1_500);
  assert.deepEqual([seeks, name], [2, "webaudio"]);
});

test("five minutes are kept, second by second, with the worst of each", () => {
  const report = new SyncReport();
  watch(report, 0, 400_000, { error: (n) => (n % 10 === 3 ? 8 : -2) });
  assert.equal(report.history.length, HISTORY_S);
  const { error, worst } = report.history[0];
  assert.deepEqual([error, worst], [-1, 8]);
  assert.deepEqual(report.summary(), { seconds: HISTORY_S, p95: 1, worst: 8 });
});

test("the curve: behind is up, gaps are gaps, a hiccup does not flatten the rest", () => {
  const second = (at, error) => ({ at, error, worst: error });
  const size = { width: 300, height: 100 };
  const empty = plotted([second(1, null)], 300, size);
  assert.deepEqual([empty.path, empty.bound], ["", 10]);
  const { path, band } = plotted([second(200, 5), second(201, -5), second(210, 0)], 300, size);
  assert.equal(path, "M200 25L200 25L201 75M210 50L210 50");
  assert.deepEqual(band, { y: 0, height: 100 });
  const steady = Array.from({ length: 100 }, (_, n) => second(200 + n, n === 50 ? 4_000 : 12));
  const wide = plotted(steady, 300, size);
  assert.equal(wide.bound, 20);
  assert.deepEqual(wide.band, { y: 25, height: 50 });
  assert.ok(wide.path.includes("L250 0"));
});

test("a quantile is one of the values", () => {
  assert.deepEqual([quantile([], 0.5), quantile([3], 0.95), quantile([4, 1, 3, 2], 0.5)], [null, 3, 2]);
});
