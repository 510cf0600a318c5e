import assert from "node:assert/strict";
import test from "node:test";

import { Deck } from "../../web/static/js/models/deck.js";
import { ElementPlayer } from "../../web/static/js/players/element.js";
import { FakeTimers, settle } from "./support.mjs";

/** A media element on simulated time: play() takes `latency` ms to be heard, a jump while playing takes `jumpCost`. */
class FakeElement extends EventTarget {
  paused = true;
  seeking = false;
  ended = false;
  readyState = 0;
  duration = NaN;
  src = "";
  refuses = null;
  #at = 0;
  #since = 0;
  #rate = 1;

  constructor(timers, { latency = 80, jumpCost = 80, length = 200 } = {}) {
    super();
    Object.assign(this, { timers, latency, jumpCost, length });
  }

  load() {
    this.readyState = 0;
    this.#at = 0;
    this.paused = true;
    const { src } = this;
    if (!src) return;
    this.timers.set(() => {
      if (src.includes("broken")) return this.dispatchEvent(new Event("error"));
      this.readyState = 4;
      this.duration = this.length;
      return this.dispatchEvent(new Event("loadedmetadata"));
    }, 30);
  }

  removeAttribute() {
    this.src = "";
  }

  get currentTime() {
    if (this.paused) return this.#at;
    return this.#at + (Math.max(0, this.timers.now() - this.#since) * this.#rate) / 1_000;
  }

  set currentTime(seconds) {
    this.#at = seconds;
    this.#since = this.timers.now() + this.jumpCost;
    this.seeking = true;
    this.timers.set(() => {
      this.seeking = false;
      this.dispatchEvent(new Event("seeked"));
    }, 4);
  }

  get playbackRate() {
    return this.#rate;
  }

  set playbackRate(rate) {
    this.#at = this.currentTime;
    this.#since = Math.max(this.#since, this.timers.now());
    this.#rate = rate;
  }

  async play() {
    if (this.refuses) throw Object.assign(new Error("no"), { name: this.refuses });
    this.paused = false;
    this.#since = this.timers.now() + this.latency;
  }

  pause() {
    this.#at = this.currentTime;
    this.paused = true;
  }
}

function given(element = {}) {
  const timers = new FakeTimers();
  // Room time is local time plus 1000; each look at it takes a moment, as in life, so that waiting ends.
  const clock = { ready: true, local: timers.now, now: () => { timers.pass(0.05); return timers.now() + 1_000; } };
  const audio = new FakeElement(timers, element);
  const video = new FakeElement(timers);
  const told = [];
  const player = (element) => new ElementPlayer({ element, clock, nudges: true, set: timers.set });
  const spare = new FakeElement(timers, element);
  const players = { audio: [player(audio), player(spare)], video: [player(video)] };
  const deck = new Deck({
    choose: (track, busy) => players[track.kind ?? "audio"].filter((each) => each !== busy),
    clock,
    tell: (event) => told.push(event),
    set: timers.set,
  });
  const run = async (ms) => {
    for (let passed = 0; passed < ms; passed += 10) {
      timers.pass(10);
      await settle();
      if (passed % 50 === 0) deck.tick();
    }
  };
  const off = () => deck.actualPosition() - deck.expectedPosition();
  return { timers, clock, audio, spare, video, deck, told, run, off };
}

const line = (playback, more = {}) => ({
  entry: "a", url: "a.mp3", playback: { entry: "a", position: 0, rate: 1, playing: true, as_of: 0, ...playback }, ...more,
});

test("starts at the agreed instant, to a few milliseconds", async () => {
  const { deck, run, off, audio } = given();
  deck.follow(line({ as_of: 1_500 }));
  await run(300);
  assert.equal(audio.paused, true);
  await run(600);
  assert.equal(deck.mode, "running");
  assert.ok(Math.abs(off()) < 5, `was ${off()}`);
});

test("a late joiner is in step within 0.6 s", async () => {
  const { deck, run, off } = given({ latency: 95 });
  deck.follow(line({ as_of: -60_000 }));
  await run(1_000);
  assert.ok(Math.abs(off()) < 20, `was ${off()}`);
  await run(3_000);
  assert.ok(Math.abs(off()) < 2, `was ${off()}`);
});

test("learns how long play() takes here", async () => {
  const { deck, run } = given({ latency: 140 });
  for (let n = 0; n < 8; n += 1) {
    deck.follow(line({ as_of: -60_000 - n * 5_000 }));
    await run(1_500);
  }
  assert.ok(Math.abs(deck.player.pilot.latency - 140) < 15, `was ${deck.player.pilot.latency}`);
});

test("a paused room stands exactly where it is", async () => {
  const { deck, run, off, audio } = given();
  deck.follow(line({ playing: false, position: 41_000 }));
  await run(200);
  assert.deepEqual([deck.mode, audio.paused, off()], ["still", true, 0]);
});

test("a state that says the same again disturbs nothing", async () => {
  const { deck, run, told } = given();
  deck.follow(line({ as_of: 0 }));
  await run(1_000);
  told.length = 0;
  deck.follow(line({ as_of: 0 }));
  deck.follow(line({ position: 500, as_of: 500 }));
  await run(500);
  assert.deepEqual(told.filter((event) => event.type === "mode"), []);
});

test("sound that the browser blocks is asked for, then joins at the right place", async () => {
  const { deck, run, off, audio } = given();
  audio.refuses = "NotAllowedError";
  deck.follow(line({ as_of: 0 }));
  await run(1_000);
  assert.equal(deck.mode, "blocked");
  audio.refuses = null;
  deck.resume();
  await run(1_000);
  assert.equal(deck.mode, "running");
  assert.ok(Math.abs(off()) < 10, `was ${off()}`);
});

test("a player that something else stops is started again, and asked for when that goes on", async () => {
  const { deck, run, audio, off } = given();
  deck.follow(line({ as_of: 0 }));
  await run(1_000);
  audio.pause();
  await run(1_000);
  assert.equal(deck.mode, "running");
  assert.ok(Math.abs(off()) < 10);
  for (let n = 0; n < 4; n += 1) {
    audio.pause();
    await run(600);
  }
  assert.equal(deck.mode, "blocked");
});

test("a track that does not load is tried three times, then said to have failed; the next one plays", async () => {
  const { deck, run, told } = given();
  deck.follow(line({ as_of: 0 }, { url: "broken.mp3" }));
  await run(3_000);
  assert.equal(deck.mode, "loading");
  await run(6_000);
  assert.deepEqual(told.filter((event) => event.type === "failed"), [{ type: "failed", entry: "a" }]);
  deck.follow(line({ as_of: 9_000 }, { entry: "b", url: "b.mp3" }));
  await run(1_000);
  assert.equal(deck.mode, "running");
});

test("tells the length of a track, and that it is over", async () => {
  const { deck, run, told } = given({ length: 10 });
  deck.follow(line({ as_of: -30_000 }));
  await run(500);
  assert.deepEqual(told.filter((event) => event.type !== "mode"), [
    { type: "measured", entry: "a", duration_ms: 10_000 },
    { type: "ended", entry: "a" },
  ]);
});

test("a film goes to the video element, and the audio element falls silent", async () => {
  const { deck, run, audio, video } = given();
  deck.follow(line({ as_of: 0 }));
  await run(800);
  deck.follow(line({ as_of: 1_800 }, { entry: "b", url: "b.mp4", kind: "video" }));
  await run(1_000);
  assert.deepEqual([audio.src, audio.paused, video.paused], ["", true, false]);
});

test("when the queue runs out there is silence", async () => {
  const { deck, run, audio } = given();
  deck.follow(line({ as_of: 0 }));
  await run(800);
  deck.follow(null);
  await run(100);
  assert.deepEqual([deck.mode, audio.src, deck.expectedPosition()], ["idle", "", null]);
});

test("goes over to the next track at the very instant the one before ends, before the room says so", async () => {
  const { deck, run, audio, spare, off, told } = given({ length: 10 });
  const next = { entry: "b", url: "b.mp3", duration_ms: 10_000 };
  deck.follow(line({ as_of: 1_500 }, { duration_ms: 10_000, next }));
  await run(10_000);
  assert.equal(spare.readyState, 4);
  assert.equal(spare.paused, true);
  await run(1_200);
  // The line ends at room time 11,500; this is 700 ms later, and the room has said nothing yet.
  assert.equal(deck.mode, "running");
  assert.ok(Math.abs(deck.actualPosition() - 700) < 30, `was ${deck.actualPosition()}`);
  assert.equal(audio.src, "");
  told.length = 0;
  deck.follow(line({ as_of: 11_500, entry: "b" }, { ...next }));
  await run(1_000);
  assert.deepEqual(told.filter((event) => event.type === "mode"), []);
  assert.ok(Math.abs(off()) < 5, `was ${off()}`);
});

test("what waits in the wings is let go when something else comes", async () => {
  const { deck, run, spare } = given({ length: 10 });
  deck.follow(line({ as_of: 1_500 }, { duration_ms: 10_000, next: { entry: "b", url: "b.mp3" } }));
  await run(9_500);
  assert.equal(spare.src, "b.mp3");
  deck.follow(line({ as_of: 11_000, entry: "c" }, { entry: "c", url: "c.mp3" }));
  await run(2_000);
  assert.equal(spare.src, "");
  assert.equal(deck.mode, "running");
  assert.ok(Math.abs(deck.actualPosition() - deck.expectedPosition()) < 10);
});

test("says when it could start at any instant, for rooms that wait", async () => {
  const { deck, run } = given();
  deck.follow(line({ playing: false }));
  assert.equal(deck.ready, false);
  await run(100);
  assert.equal(deck.ready, true);
  deck.follow(null);
  assert.equal(deck.ready, false);
});

test("a player that is chosen anew takes over at the line, and the one before falls silent", async () => {
  const { deck, run, off, audio, spare, clock, timers } = given();
  deck.follow(line({ as_of: -60_000 }));
  await run(1_000);
  const other = new ElementPlayer({ element: spare, clock, nudges: false, set: timers.set });
  deck.choose = () => [other];
  deck.reload();
  await run(1_000);
  assert.equal(deck.player, other);
  assert.equal(audio.src, "");
  assert.equal(deck.mode, "running");
  assert.ok(Math.abs(off()) < 20, `was ${off()}`);
  deck.follow(null);
  deck.reload();
  assert.equal(deck.mode, "idle");
});

test("on a slow machine, where a start and a jump take 150 ms, the first jump already lands well", async () => {
  const { deck, run, off } = given({ latency: 150, jumpCost: 150 });
  deck.follow(line({ as_of: -60_000 }));
  await run(1_200);
  assert.ok(Math.abs(off()) < 20, `was ${off()}`);
  assert.equal(deck.player.effort().seeks, 1);
});

test("what no player here takes fails at once, and is told", async () => {
  const timers = new FakeTimers();
  const told = [];
  const clock = { ready: true, local: timers.now, now: timers.now };
  const deck = new Deck({ choose: () => [], clock, tell: (event) => told.push(event.type), set: timers.set });
  deck.follow(line({}));
  assert.deepEqual([deck.mode, told], ["failed", ["mode", "failed"]]);
});

test("an element that is heard late plays so much ahead, and leaves out nothing of the beginning", async () => {
  const { timers, clock } = given();
  const heard = new FakeElement(timers);
  const player = new ElementPlayer({ element: heard, clock, nudges: true, late: 19, set: timers.set });
  const deck = new Deck({ choose: () => [player], clock, tell: () => {}, set: timers.set });
  const jumps = [];
  const jump = player.voice.jump.bind(player.voice);
  player.voice.jump = (position) => (jumps.push(position), jump(position));
  deck.follow(line({ as_of: 1_500 }));
  for (let passed = 0; passed < 1_500; passed += 10) {
    timers.pass(10);
    await settle();
    if (passed % 50 === 0) deck.tick();
  }
  assert.deepEqual(jumps, [0]);
  assert.ok(Math.abs(heard.currentTime * 1_000 - 19 - deck.expectedPosition()) < 5);
  assert.ok(Math.abs(deck.actualPosition() - deck.expectedPosition()) < 5);
});
