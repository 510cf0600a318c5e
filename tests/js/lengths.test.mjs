import assert from "node:assert/strict";
import test from "node:test";

import { Deck } from "../../web/static/js/models/deck.js";
import { ElementPlayer } from "../../web/static/js/players/element.js";
import { FakeTimers, settle } from "./support.mjs";

/** A media element whose file may turn out to have another length than it began with; jumps and starts take no time. */
class ChangingElement extends EventTarget {
  paused = true;
  seeking = false;
  readyState = 0;
  duration = NaN;
  playbackRate = 1;
  src = "";
  loads = 0;
  jumps = 0;
  #at = 0;
  #since = 0;

  constructor(timers, length) {
    super();
    Object.assign(this, { timers, length });
  }

  load() {
    Object.assign(this, { readyState: 0, paused: true, duration: NaN });
    this.#at = 0;
    if (!this.src) return;
    this.loads += 1;
    this.timers.set(() => {
      Object.assign(this, { readyState: 4, duration: this.length });
      this.dispatchEvent(new Event("loadedmetadata"));
    }, 30);
  }

  /** The browser finds out in the middle that there is more, or less, than it thought. */
  turnsOutToLast(length) {
    this.length = this.duration = length;
    this.dispatchEvent(new Event("durationchange"));
  }

  removeAttribute() {
    this.src = "";
  }

  get ended() {
    return this.currentTime >= this.duration;
  }

  get currentTime() {
    const at = this.#at + (this.paused ? 0 : (this.timers.now() - this.#since) / 1_000);
    return Number.isNaN(this.duration) ? at : Math.min(at, this.duration);
  }

  set currentTime(seconds) {
    this.jumps += 1;
    this.#at = seconds;
    this.#since = this.timers.now();
  }

  async play() {
    this.paused = false;
    this.#since = this.timers.now();
  }

  pause() {
    this.#at = this.currentTime;
    this.paused = true;
  }
}

function given(length) {
  const timers = new FakeTimers();
  // Each look at room time takes a moment, as in life, so that waiting ends.
  const clock = { ready: true, local: timers.now, now: () => { timers.pass(0.05); return timers.now(); } };
  const elements = [new ChangingElement(timers, length), new ChangingElement(timers, 30)];
  const players = elements.map((element) => new ElementPlayer({ element, clock, nudges: true, latency: 0, set: timers.set }));
  const told = [];
  const deck = new Deck({
    choose: (track, busy) => players.filter((each) => each !== busy), clock, tell: (event) => told.push(event), set: timers.set,
  });
  const run = async (ms) => {
    for (let passed = 0; passed < ms; passed += 50) {
      for (let part = 0; part < 50; part += 10) {
        timers.pass(10);
        await settle();
      }
      deck.tick();
    }
  };
  const count = (type) => told.filter((event) => event.type === type).length;
  const off = () => Math.abs(deck.actualPosition() - deck.expectedPosition());
  return { timers, deck, run, told, count, off, element: elements[0] };
}

const line = (more = {}) => ({
  entry: "a", url: "a.mp3", duration_ms: 60_000, playback: { entry: "a", position: 0, rate: 1, playing: true, as_of: 1_000 }, ...more,
});

for (const turned of [90, 45]) {
  test(`a length that turns out to be ${turned} s instead of 60 in the middle disturbs nothing`, async () => {
    const { deck, run, count, off, element } = given(60);
    deck.follow(line());
    await run(20_000);
    const { jumps } = element;
    element.turnsOutToLast(turned);
    await run(10_000);
    assert.deepEqual([deck.mode, element.jumps - jumps, element.loads, count("measured"), count("ended")], ["running", 0, 1, 1, 0]);
    assert.ok(off() < 5, `was ${off()}`);
  });
}

test("a file that has become shorter is over when it is, said once, and is neither loaded nor begun again", async () => {
  const { deck, run, count, element } = given(60);
  deck.follow(line());
  await run(10_000);
  element.turnsOutToLast(20);
  await run(40_000);
  assert.deepEqual([deck.mode, element.paused, element.loads, count("ended"), count("failed")], ["over", true, 1, 1, 0]);
});

test("a file that has grown since is heard at the room's place once it is loaded anew", async () => {
  const { deck, run, off, element } = given(20);
  deck.follow(line());
  await run(30_000);
  assert.equal(deck.mode, "over");
  element.length = 60;
  deck.reload();
  await run(2_000);
  assert.deepEqual([deck.mode, element.loads], ["running", 2]);
  assert.ok(off() < 5 && deck.actualPosition() > 30_000, `at ${deck.actualPosition()}`);
});

test("the next track begins where the room's line says, whatever this device's file says", async () => {
  for (const length of [50, 80]) {
    const { deck, run, timers } = given(length);
    deck.follow(line({ next: { entry: "b", url: "b.mp3", duration_ms: 30_000 } }));
    await run(30_000);
    const playback = { entry: "b", position: 0, rate: 1, playing: true, as_of: 61_000 };
    await run(61_000 - 200 - timers.now());
    deck.follow({ entry: "b", url: "b.mp3", duration_ms: 30_000, playback });
    await run(2_000);
    const off = Math.abs(deck.actualPosition() - deck.expectedPosition());
    assert.ok(deck.mode === "running" && off < 20, `${deck.mode}, off by ${off}`);
  }
});
