import assert from "node:assert/strict";
import test from "node:test";

import { Deck } from "../../web/static/js/models/deck.js";
import { elsewhere } from "../../web/static/js/models/elsewhere.js";
import { LivePlayer } from "../../web/static/js/players/live.js";
import { FakeTimers, settle } from "./support.mjs";

/** A media element on a live stream: it connects in 300 ms, and moves until it is cut off. */
class Station {
  paused = true;
  error = null;
  ended = false;
  readyState = 0;
  connections = 0;
  /** "on", "broken" (refused), "silent" (connected, and nothing comes). */
  air = "on";
  refuses = null;
  #src = "";
  #since = null;
  #at = 0;
  #turn = 0;

  constructor(timers) {
    this.timers = timers;
  }

  set src(url) {
    this.#src = url;
  }

  getAttribute() {
    return this.#src || null;
  }

  removeAttribute() {
    this.#src = "";
  }

  get currentTime() {
    return this.#since === null ? this.#at : this.#at + (this.timers.now() - this.#since) / 1_000;
  }

  load() {
    Object.assign(this, { error: null, ended: false, readyState: 0, paused: true });
    this.#at = 0;
    this.#since = null;
    this.#turn += 1;
    if (this.#src) this.connections += 1;
  }

  play() {
    if (this.refuses) return Promise.reject(Object.assign(new Error("no"), { name: this.refuses }));
    this.paused = false;
    const turn = this.#turn;
    return new Promise((resolve, reject) => this.timers.set(() => {
      if (turn !== this.#turn) reject(Object.assign(new Error("gone"), { name: "AbortError" }));
      else if (this.air === "broken") {
        this.error = { code: 2 };
        reject(Object.assign(new Error("no"), { name: "NotSupportedError" }));
      } else if (this.air === "on") {
        this.readyState = 4;
        this.#since = this.timers.now();
        resolve();
      }
    }, 300));
  }

  pause() {
    this.#stop();
    this.paused = true;
  }

  /** What comes over the air stops: with an end, an error, or without a word. */
  cut(how) {
    this.#stop();
    this.air = how === "stall" ? "silent" : "broken";
    if (how === "end") this.ended = true;
    if (how === "error") this.error = { code: 2 };
    if (how === "stall") this.readyState = 2;
  }

  goOn() {
    Object.assign(this, { air: "on", readyState: 4 });
    this.#since = this.timers.now();
  }

  #stop() {
    this.#at = this.currentTime;
    this.#since = null;
  }
}

function given() {
  const timers = new FakeTimers();
  const clock = { ready: true, local: timers.now, now: () => timers.now() + 1_000 };
  const station = new Station(timers);
  const player = new LivePlayer({ element: station, clock, set: timers.set });
  const told = [];
  const deck = new Deck({ choose: () => [player], clock, tell: (event) => told.push(event), set: timers.set });
  const run = async (ms) => {
    for (let passed = 0; passed < ms; passed += 10) {
      timers.pass(10);
      await settle();
      if (timers.now() % 50 === 0) deck.tick();
    }
  };
  return { station, player, deck, told, run };
}

const line = (playback, more = {}) => ({
  entry: "a", url: "/media/radio/1", source: "radio:1", duration_ms: null,
  playback: { entry: "a", position: 0, rate: 1, playing: true, as_of: 0, ...playback }, ...more,
});

test("which tracks are its own", () => {
  assert.equal(LivePlayer.takes(line({})), true);
  assert.equal(LivePlayer.takes({ source: "radio:1", duration_ms: 5_000 }), false);
  assert.equal(LivePlayer.takes({ source: "local:1", duration_ms: null }), false);
});

test("plays what is on from the agreed instant on, and has no place", async () => {
  const { deck, run, station } = given();
  deck.follow(line({ as_of: 3_000 }));
  await run(1_900);
  assert.equal(station.paused, true);
  await run(600);
  assert.deepEqual([deck.mode, station.paused, deck.actualPosition(), deck.stalled], ["running", false, null, false]);
});

test("a pause hangs up; afterwards it is what is on then", async () => {
  const { deck, run, station } = given();
  deck.follow(line({}));
  await run(5_000);
  deck.follow(line({ playing: false, position: 5_000 }));
  await run(30_000);
  assert.deepEqual([station.getAttribute("src"), deck.mode, deck.ready], [null, "still", true]);
  const before = station.connections;
  deck.follow(line({ as_of: 36_000, position: 5_000 }));
  await run(2_000);
  assert.deepEqual([station.connections - before, deck.mode], [1, "running"]);
  assert.ok(station.currentTime < 2);
});

for (const how of ["end", "error", "stall"]) {
  test(`a stream that breaks (${how}) is connected anew, ever more slowly, and is never over`, async () => {
    const { deck, run, station, told } = given();
    deck.follow(line({}));
    await run(5_000);
    station.cut(how);
    await run(2_000);
    assert.equal(deck.stalled, true);
    const before = station.connections;
    await run(120_000);
    const tries = station.connections - before;
    assert.ok(tries >= 4 && tries <= 12, `${tries} tries`);
    station.air = "on";
    await run(40_000);
    assert.deepEqual([deck.mode, deck.stalled], ["running", false]);
    assert.equal(told.some((event) => event.type === "ended" || event.type === "failed"), false);
  });
}

test("a stall of two seconds is waited for, on the same connection", async () => {
  const { deck, run, station } = given();
  deck.follow(line({}));
  await run(5_000);
  station.cut("stall");
  await run(2_000);
  assert.equal(deck.stalled, true);
  station.goOn();
  await run(1_000);
  assert.deepEqual([deck.stalled, station.connections], [false, 1]);
});

test("a station that is not there fails as any track does; blocked sound is asked for", async () => {
  const off = given();
  off.station.air = "broken";
  off.deck.follow(line({}));
  await off.run(10_000);
  assert.equal(off.deck.mode, "failed");
  const { deck, run, station } = given();
  station.refuses = "NotAllowedError";
  deck.follow(line({}));
  await run(1_000);
  assert.equal(deck.mode, "blocked");
  station.refuses = null;
  deck.resume();
  await run(1_000);
  assert.equal(deck.mode, "running");
});

test("whatever pauses it from outside: it comes back to what is on", async () => {
  const { deck, run, station } = given();
  deck.follow(line({}));
  await run(5_000);
  station.pause();
  await run(2_000);
  assert.deepEqual([deck.mode, station.paused, station.connections], ["running", false, 2]);
});

test("what plays at another service only, and where", () => {
  const url = "https://vimeo.com/1";
  assert.deepEqual(elsewhere({ source: "vimeo:1", url }), { name: "Vimeo", url });
  assert.equal(elsewhere({ source: "spotify:track/1", url: "javascript:alert(1)" }), null);
  for (const source of [undefined, "", "youtube:1", "local:1", "constructor:1"]) assert.equal(elsewhere({ source, url })?.name, undefined);
});
