import assert from "node:assert/strict";
import test from "node:test";

import { Deck } from "../../web/static/js/models/deck.js";
import { HeardPosition } from "../../web/static/js/models/heard-position.js";
import { ORIGIN } from "../../web/static/js/players/youtube-frame.js";
import { YouTubePlayer } from "../../web/static/js/players/youtube.js";
import { StandIn } from "../standins/youtube.mjs";
import { FakeTimers, dice, quantile, settle } from "./support.mjs";

/** A page with room for a frame, whose player is the stand-in, on simulated time. Room time is local time plus 1000. */
function given({ agreed = true, seed = 1, activated = true } = {}) {
  const timers = new FakeTimers();
  const random = dice(seed);
  const world = { frames: [], stand: null, asked: [] };
  const listeners = new Set();
  const host = {
    location: { origin: "https://roomd.example" },
    navigator: { userActivation: { hasBeenActive: activated } },
    addEventListener: (_, take) => listeners.add(take),
    removeEventListener: (_, take) => listeners.delete(take),
  };
  const say = (data, origin = ORIGIN, source = world.frames.at(-1)?.contentWindow) => {
    for (const take of listeners) take({ data, origin, source });
  };
  const makeFrame = () => {
    const contentWindow = { postMessage: (text, origin) => {
      assert.equal(origin, ORIGIN);
      world.asked.push(JSON.parse(text));
      timers.set(() => world.stand.hear(text), 5);
    } };
    const frame = { contentWindow, addEventListener: (_, run) => timers.set(run, 100), remove: () => world.frames.splice(world.frames.indexOf(frame), 1) };
    return frame;
  };
  const button = { addEventListener: (_, run) => (button.press = run) };
  const ask = { hidden: true, querySelector: () => button };
  const mount = {
    querySelector: () => ask,
    ownerDocument: { createElement: makeFrame },
    append: (frame) => {
      world.frames.push(frame);
      const video = new URL(frame.src).pathname.split("/").at(-1);
      world.stand = new StandIn({ video, post: say, now: timers.now, set: timers.set, random });
    },
  };
  const kept = { youtube: agreed };
  const preferences = { get all() { return kept; }, set: (changes) => Object.assign(kept, changes) };
  const clock = { ready: true, local: timers.now, now: () => timers.now() + 1_000 };
  const player = new YouTubePlayer({ mount, clock, preferences, set: timers.set, host });
  const told = [];
  const deck = new Deck({ choose: () => [player], clock, tell: (event) => told.push(event), set: timers.set });
  const errors = [];
  const run = async (ms) => {
    for (let passed = 0; passed < ms; passed += 10) {
      timers.pass(10);
      await settle();
      if (timers.now() % 50 === 0) deck.tick();
      if (deck.mode === "running" && world.stand.state === 1) errors.push(Math.abs(off()));
    }
  };
  /** How far the video itself is from the line, in ms; the player only hears of it. */
  const off = () => world.stand.position * 1_000 - deck.expectedPosition();
  return { timers, world, player, deck, told, run, off, errors, ask, button, kept, say };
}

const line = (playback, more = {}) => ({
  entry: "a", url: "https://www.youtube.com/watch?v=dQAlice_123", source: "youtube:dQAlice_123", kind: "video",
  playback: { entry: "a", position: 0, rate: 1, playing: true, as_of: 0, ...playback }, ...more,
});
const modes = (told) => told.filter((event) => event.type === "mode").map((event) => event.mode);

test("which tracks are its own", () => {
  assert.equal(YouTubePlayer.takes(line({})), true);
  for (const source of [undefined, "", "vimeo:1", "youtube:short", "youtube:../../evil12"]) assert.equal(YouTubePlayer.takes({ source }), false);
});

test("starts about the agreed instant and is within 150 ms for good after some seconds", async () => {
  const steady = [];
  for (let seed = 1; seed <= 3; seed += 1) {
    const { deck, run, errors, player } = given({ seed });
    deck.follow(line({ as_of: 3_000 }));
    await run(10_000);
    errors.length = 0;
    await run(40_000);
    steady.push(...errors);
    assert.equal(player.effort().seeks, 0);
  }
  assert.ok(quantile(steady, 0.95) <= 150, `p95 was ${quantile(steady, 0.95)}`);
});

test("a late joiner, and a room that jumps, are within 150 ms in 10 s", async () => {
  const { deck, run, off } = given({ seed: 4 });
  deck.follow(line({ as_of: -40_000 }));
  await run(10_000);
  assert.ok(Math.abs(off()) <= 150, `was ${off()}`);
  deck.follow(line({ as_of: 12_000, position: 120_000 }));
  await run(10_000);
  assert.ok(Math.abs(off()) <= 150, `was ${off()} after the jump`);
});

test("an advertisement makes it busy, and moves nothing; then it finds its place", async () => {
  const { deck, run, off, told } = given({ seed: 5 });
  deck.follow(line({ as_of: 2_000 }, { source: "youtube:ad_00000001" }));
  await run(3_000);
  assert.equal(deck.stalled || deck.mode === "cued", true);
  await run(15_000);
  assert.equal(deck.mode, "running");
  assert.equal(deck.stalled, false);
  assert.ok(Math.abs(off()) <= 150, `was ${off()}`);
  assert.equal(modes(told).includes("blocked"), false);
});

test("a paused room stands where it is, also when somebody presses play in the frame", async () => {
  const { deck, run, world } = given();
  deck.follow(line({ as_of: 0 }));
  await run(5_000);
  deck.follow(line({ playing: false, position: 41_000 }));
  await run(1_000);
  assert.deepEqual([deck.mode, world.stand.state, world.stand.position], ["still", 2, 41]);
  world.stand.hear(JSON.stringify({ event: "command", func: "playVideo" }));
  await run(1_500);
  assert.equal(world.stand.state, 2);
});

test("what stands before it ever played makes no sound", async () => {
  const { deck, run, world } = given();
  deck.follow(line({ playing: false, position: 41_000 }));
  await run(2_000);
  assert.equal(world.stand.state, -1);
  assert.equal(deck.ready, true);
});

test("somebody who pauses it in the frame is started again", async () => {
  const { deck, run, world, off } = given();
  deck.follow(line({ as_of: 0 }));
  await run(5_000);
  world.stand.hear(JSON.stringify({ event: "command", func: "pauseVideo" }));
  await run(9_000);
  assert.equal(deck.mode, "running");
  assert.ok(Math.abs(off()) <= 200, `was ${off()}`);
});

test("nothing is asked of YouTube before the person agrees; then it plays at the right place", async () => {
  const { deck, run, world, ask, button, kept, off, player } = given({ agreed: false });
  deck.follow(line({ as_of: 0 }));
  await run(2_000);
  assert.deepEqual([deck.mode, world.frames.length, ask.hidden, player.ready], ["blocked", 0, false, false]);
  button.press();
  await run(8_000);
  assert.deepEqual([deck.mode, ask.hidden, kept.youtube], ["running", true, true]);
  assert.ok(Math.abs(off()) <= 150, `was ${off()}`);
});

test("sound that the browser blocks is asked for, then joins at the right place", async () => {
  const { deck, run, world, off } = given({ activated: false });
  deck.follow(line({ as_of: 0 }, { source: "youtube:touch_00001" }));
  await run(2_000);
  assert.equal(deck.mode, "blocked");
  world.stand.touched = true;
  deck.resume();
  await run(8_000);
  assert.equal(deck.mode, "running");
  assert.ok(Math.abs(off()) <= 150, `was ${off()}`);
});

test("what does not start is asked for where there was no gesture yet, and waited for where there was", async () => {
  for (const [activated, mode] of [[false, "blocked"], [true, "running"]]) {
    const { deck, run } = given({ activated });
    deck.follow(line({ as_of: 0 }, { source: "youtube:still_00001" }));
    await run(6_000);
    assert.deepEqual([deck.mode, deck.stalled], [mode, mode === "running"]);
  }
});

test("a video that may not be embedded, and a player that never answers, fail as any track does", async () => {
  for (const [source, ms] of [["youtube:forbid_0001", 12_000], ["youtube:mute_000001", 60_000]]) {
    const { deck, run, told } = given();
    deck.follow(line({ as_of: 0 }, { source }));
    await run(ms);
    assert.equal(deck.mode, "failed");
    assert.deepEqual(told.filter((event) => event.type === "failed"), [{ type: "failed", entry: "a" }]);
  }
});

test("tells how long it is as soon as it knows, and that it is over; the next one uses the same frame", async () => {
  const { deck, run, told, world } = given();
  deck.follow(line({ as_of: 1_500 }, { source: "youtube:short_00001" }));
  await run(9_000);
  assert.deepEqual(told.filter((event) => event.type !== "mode"), [
    { type: "measured", entry: "a", duration_ms: 6_000 },
    { type: "ended", entry: "a" },
  ]);
  const [frame] = world.frames;
  deck.follow(line({ as_of: 11_000, entry: "b" }, { entry: "b", url: "b", source: "youtube:dQCarol_123" }));
  await run(3_000);
  assert.deepEqual([deck.mode, world.stand.video, world.frames[0] === frame], ["running", "dQCarol_123", true]);
  deck.follow(null);
  assert.equal(world.frames.length, 0);
});

test("is as loud as the device", async () => {
  const { deck, run, world } = given();
  deck.volume = () => ({ volume: 0.4, muted: true, even: true });
  deck.follow(line({ as_of: 0 }));
  await run(1_000);
  const said = world.asked.filter((each) => /setVolume|mute/i.test(each.func)).map(({ func, args }) => [func, ...args]);
  assert.deepEqual(said.slice(-2), [["setVolume", 40], ["mute"]]);
});

test("what other pages and extensions say is not listened to, and nonsense does no harm", async () => {
  const { deck, run, say, off } = given();
  deck.follow(line({ as_of: 0 }));
  await run(8_000);
  say(JSON.stringify({ event: "onError", info: 150 }), "https://elsewhere.example");
  say(JSON.stringify({ event: "onError", info: 150 }), ORIGIN, {});
  const info = { currentTime: "far", duration: -1, playerState: "on", availablePlaybackRates: [NaN, -2, "x"] };
  for (const data of ["{", "null", "[]", '"x"', 7, null, JSON.stringify({ event: "infoDelivery", info })]) say(data);
  for (const wrong of [null, 3, "x"]) say(JSON.stringify({ event: "infoDelivery", info: wrong }));
  await run(2_000);
  assert.equal(deck.mode, "running");
  assert.ok(Math.abs(off()) <= 150, `was ${off()}`);
});

test("without rates it is kept by jumps alone", async () => {
  const { deck, run, off, player } = given({ seed: 9 });
  deck.follow(line({ as_of: -30_000 }, { source: "youtube:single_0001" }));
  await run(40_000);
  assert.equal(player.effort().writes, 0);
  assert.ok(Math.abs(off()) <= 300, `was ${off()}`);
});

test("of messages that come late by another while each, the one that is the least late counts", () => {
  const random = dice(3);
  const where = new HeardPosition();
  const off = [];
  let due = [];
  for (let now = 0; now < 60_000; now += 10) {
    if (now % 250 === 0) due.push({ ms: now, at: now + random() * 200 });
    for (const each of due.filter((one) => one.at <= now)) where.hear(each.ms, now);
    due = due.filter((one) => one.at > now);
    if (now > 5_000) off.push(Math.abs(where.at(now) - now));
  }
  assert.ok(quantile(off, 0.95) < 80, `p95 was ${quantile(off, 0.95)}`);
  assert.equal(where.moving(60_000), true);
  assert.equal(where.moving(62_000), false);
  where.moved(9_000, 60_400);
  where.hear(60_000, 60_200);
  assert.deepEqual([where.at(61_000), where.moving(61_000)], [9_000, false]);
});
