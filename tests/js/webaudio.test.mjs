import assert from "node:assert/strict";
import test from "node:test";

import { roundedOff } from "../../web/static/js/models/level.js";
import { line, offLine, track, world, worst } from "./audio-world.mjs";

test("is silent until the agreed instant and on the line from its first sample on", async () => {
  const { deck, run, heard } = world();
  deck.follow(line({ as_of: 2_000 }));
  await run(4_000);
  const first = heard.find(({ sounds }) => sounds.length > 0);
  assert.ok(Math.abs(first.room - 2_000) <= 10, `was ${first.room}`);
  assert.ok(worst(offLine(heard, { as_of: 2_000 })) < 0.1);
  assert.equal(deck.mode, "running");
});

test("a page that stood still just when it started a sound notices", async () => {
  const { deck, run, heard, context } = world();
  context.startCost = 400;
  deck.follow(line({ as_of: -60_000 }));
  await run(1_500);
  assert.ok(worst(offLine(heard.slice(-50), { as_of: -60_000 })) < 0.1);
  assert.equal(deck.player.effort().seeks, 1);
});

test("a late joiner is on the line from the first sample on", async () => {
  const { deck, run, heard } = world();
  deck.follow(line({ as_of: -60_000 }));
  await run(1_500);
  const first = heard.find(({ sounds }) => sounds.length > 0);
  assert.ok(first.room - heard[0].room < 500, `was heard after ${first.room - heard[0].room} ms`);
  assert.ok(worst(offLine(heard, { as_of: -60_000 })) < 0.1);
});

for (const ppm of [100, -100]) {
  test(`a clock that runs ${ppm} ppm off is followed, inaudibly and seldom`, async () => {
    const { deck, run, heard } = world({ context: { ppm } });
    deck.follow(line({ as_of: 1_500 }));
    await run(90_000);
    const off = offLine(heard, { as_of: 1_500 });
    assert.ok(worst(off) < 0.6, `was ${worst(off)}`);
    const { seeks, writes } = deck.player.effort();
    assert.equal(seeks, 0);
    assert.ok(writes > 10 && writes <= 60, `${writes} writes in 90 s`);
    // What is reported is what is heard.
    assert.ok(Math.abs(deck.actualPosition() - deck.expectedPosition() - off.at(-1)) < 0.5);
  });
}

test("answers that jump about do not make it restless", async () => {
  const { deck, run, heard } = world({ context: { ppm: 50, jitter: 5 } });
  deck.follow(line({ as_of: 1_500 }));
  await run(60_000);
  const steady = offLine(heard, { as_of: 1_500 }).slice(500);
  assert.ok(worst(steady) < 2.5, `was ${worst(steady)}`);
  assert.equal(deck.player.effort().seeks, 0);
});

test("a device that is suddenly later is made up for in a cross-fade", async () => {
  const { deck, run, heard, context } = world();
  deck.follow(line({ as_of: 1_500 }));
  await run(10_000);
  context.latency += 60;
  await run(4_000);
  assert.ok(worst(offLine(heard.slice(-50), { as_of: 1_500 })) < 1);
  const { seeks } = deck.player.effort();
  assert.equal(seeks, 1);
  const since = heard.filter(({ room }) => room > 10_900);
  const volumes = since.map(({ sounds }) => sounds.reduce((sum, each) => sum + each.volume, 0));
  assert.ok(volumes.every((volume) => Math.abs(volume - 1) < 1e-6), "there was a hole, or both at once");
});

test("without timestamps it goes by what the browser says of its latency", async () => {
  const { deck, run, heard, context } = world();
  context.silentStamps = true;
  context.outputLatency = 0.04;
  deck.follow(line({ as_of: 1_500 }));
  await run(10_000);
  // Half of what is rendered at a time is unknown.
  assert.ok(worst(offLine(heard, { as_of: 1_500 })) < 12, `was ${worst(offLine(heard, { as_of: 1_500 }))}`);
});

test("sound that the browser blocks is asked for, then joins at the right place", async () => {
  const { deck, run, heard, context } = world();
  context.blocked = true;
  deck.follow(line({ as_of: 0 }));
  await run(2_000);
  assert.equal(deck.mode, "blocked");
  context.blocked = false;
  deck.resume();
  await run(1_500);
  assert.equal(deck.mode, "running");
  assert.ok(worst(offLine(heard, { as_of: 0 })) < 0.1);
});

test("a context that something else suspends is started again at the right place", async () => {
  const { deck, run, heard, context } = world();
  deck.follow(line({ as_of: 0 }));
  await run(3_000);
  context.become("interrupted");
  await run(1_500);
  assert.equal(deck.mode, "running");
  assert.ok(worst(offLine(heard.slice(-50), { as_of: 0 })) < 0.1);
  context.blocked = true;
  context.become("interrupted");
  await run(2_000);
  assert.equal(deck.mode, "blocked");
});

test("a device that is lost counts as a player that has run dry", async () => {
  const { deck, run, context } = world();
  deck.follow(line({ as_of: 0 }));
  await run(3_000);
  Object.defineProperty(context, "currentTime", { value: context.currentTime });
  await run(1_000);
  assert.equal(deck.stalled, true);
});

test("a start that was overtaken is never heard", async () => {
  const { deck, run, heard } = world();
  deck.follow(line({ as_of: 2_000 }));
  await run(900);
  deck.follow(line({ playing: false }));
  await run(100);
  deck.follow(line({ as_of: 2_600, position: 50_000 }));
  await run(1_500);
  assert.ok(worst(offLine(heard, { as_of: 2_600, position: 50_000 })) < 0.1);
});

test("a start of what was taken out meanwhile is overtaken, and asks for nothing of it", async () => {
  const { deck, run } = world();
  deck.follow(line({ as_of: 0 }));
  await run(3_000);
  deck.player.unload();
  const playback = { position: 0, as_of: 0, rate: 1, playing: true };
  assert.equal(await deck.player.start({ playback, trim: 0, overtaken: () => true }), "overtaken");
});

test("a paused room falls silent at once and stands where it is", async () => {
  const { deck, run, heard } = world();
  deck.follow(line({ as_of: 0 }));
  await run(3_000);
  deck.follow(line({ playing: false, position: 4_100 }));
  await run(300);
  assert.deepEqual([deck.mode, deck.actualPosition(), deck.ready], ["still", 4_100, true]);
  assert.ok(heard.filter(({ room }) => room > 4_130).every(({ sounds }) => sounds.length === 0));
});

test("plays ahead of the room for speakers that are late, and behind for those that are early", async () => {
  for (const trim of [120, -120]) {
    const { deck, run, heard, told } = world();
    deck.trim = trim;
    deck.follow(line({ as_of: 2_000 }, { duration_ms: 5_000 }));
    await run(4_000);
    assert.ok(worst(offLine(heard, { as_of: 2_000, position: trim })) < 0.1);
    await run(2_500);
    assert.ok(told.some((event) => event.type === "ended"));
    const last = heard.findLast(({ sounds }) => sounds.length > 0);
    assert.ok(Math.abs(last.room - (7_000 - trim)) <= 10, `ended at ${last.room}`);
  }
});

test("another rate of the room is followed", async () => {
  const { deck, run, heard } = world();
  deck.follow(line({ as_of: 0 }));
  await run(3_000);
  deck.follow(line({ as_of: 4_000, position: 4_000, rate: 1.25 }));
  await run(2_000);
  assert.ok(worst(offLine(heard.slice(-100), { as_of: 4_000, position: 4_000, rate: 1.25 })) < 0.1);
  assert.equal(deck.mode, "running");
});

for (const [how, everyMs, ppm, trim] of [["in view", 50, 0, 0], ["hidden", 1_000, 80, 0], ["trimmed", 50, -80, -150]]) {
  test(`the next track begins on the very sample at which the one before ends (${how})`, async () => {
    const { deck, run, heard, context } = world({ everyMs, context: { ppm } });
    deck.trim = trim;
    const next = track({ entry: "b", url: "/media/b.mp3" });
    deck.follow(line({ as_of: 1_500 }, { duration_ms: 30_000, next }));
    await run(30_800);
    // The room says so a little later.
    deck.follow(line({ as_of: 31_500, entry: "b" }, { ...next }));
    await run(3_000);
    const [first, second] = context.sources;
    assert.equal(context.sources.length, 2);
    const sample = 1.5 / context.sampleRate;
    assert.notEqual(first.placeAt(second.when - sample), null);
    assert.equal(first.placeAt(second.when + sample), null);
    const sounding = heard.filter(({ room }) => room > 5_000);
    assert.ok(sounding.every(({ sounds }) => sounds.length === 1), "there was a hole, or both at once");
    assert.ok(worst(offLine(heard.slice(-100), { as_of: 31_500, position: trim })) < 1);
  });
}

test("an entry that is shorter than its file ends where the room says", async () => {
  const { deck, run, heard, told } = world();
  deck.follow(line({ as_of: 1_500 }, { duration_ms: 4_000 }));
  await run(6_000);
  const last = heard.findLast(({ sounds }) => sounds.length > 0);
  assert.ok(Math.abs(last.room - 5_500) <= 10);
  assert.deepEqual(told.filter((event) => event.type === "ended"), [{ type: "ended", entry: "a" }]);
});

test("a file that is shorter than was said is over when it is, and not before the room comes there", async () => {
  const { deck, run, told, context } = world();
  context.decode = () => ({ seconds: 3 });
  deck.follow(line({ as_of: 1_500 }, { duration_ms: 60_000 }));
  await run(3_000);
  assert.equal(deck.mode, "running");
  await run(1_000);
  assert.deepEqual(told.filter((event) => event.type !== "mode"), [
    { type: "measured", entry: "a", duration_ms: 3_000 },
    { type: "ended", entry: "a" },
  ]);
});

test("lets the context sleep when nothing sounded for a minute, and wakes it in time", async () => {
  const { deck, run, heard, context } = world();
  deck.follow(line({ playing: false }));
  await run(61_000);
  assert.equal(context.state, "suspended");
  deck.follow(line({ as_of: 62_500 }));
  await run(2_000);
  assert.ok(worst(offLine(heard, { as_of: 62_500 })) < 0.1);
});

test("follows the volume, and turns quiet tracks up", async () => {
  const { deck, run, players } = world();
  deck.follow(line({ as_of: 0 }, { gain_db: 6 }));
  await run(500);
  const levels = [
    { volume: 0.5, muted: false, even: false },
    { volume: 1, muted: false, even: true },
    { volume: 1, muted: true, even: true },
  ].map((level) => {
    deck.volume = () => level;
    deck.level();
    return players[0].loudness;
  });
  assert.deepEqual(levels.map((level) => Math.round(level * 1_000)), [500, 1_995, 0]);
});

test("what is turned up stays as it is up to 0.8, and never goes beyond 1", () => {
  const curve = roundedOff(4, 4_097);
  const at = (level) => curve[Math.round(((level / 4 + 1) / 2) * 4_096)];
  assert.deepEqual([at(-0.5), at(0), at(0.5), at(0.75)], [-0.5, 0, 0.5, 0.75]);
  assert.ok(at(1) > 0.9 && at(1) < at(2) && at(2) <= at(4) && at(4) <= 1);
  assert.ok(curve.every((value, n) => n === 0 || value >= curve[n - 1]));
});
