import assert from "node:assert/strict";
import test from "node:test";

import { line, offLine, track, world, worst } from "./audio-world.mjs";

/** A world in which a song takes 3 s to decode, and a stretch of it 30 ms; 20 s of it are cut, or `lasts`. */
function given({ lasts = 20, whole = () => ({ seconds: 200, takes: 3_000 }), ...more } = {}) {
  const cuts = [];
  const cut = (bytes, from) => {
    cuts.push(from);
    return { bytes: Object.assign(new ArrayBuffer(1), { from }), from };
  };
  const made = world({ cut, ...more });
  made.context.decode = (bytes) => (bytes.from === undefined ? whole() : { seconds: lasts, base: bytes.from / 1_000, takes: 30 });
  return { ...made, cuts };
}

const ELEMENT = () => ({
  name: "element", tell: () => {}, position: 0, ready: true,
  load() {}, unload() {}, stand() {}, level() {}, start: async () => "started", tick: () => "fine",
});

test("whoever comes late hears a part first, and goes over to the whole without a gap", async () => {
  const { deck, run, heard, cuts, told } = given({ context: { ppm: 60 } });
  deck.follow(line({ as_of: -60_000 }));
  await run(6_000);
  const first = heard.findIndex(({ sounds }) => sounds.length > 0);
  assert.ok(first < 60, `heard after ${first * 10} ms`);
  assert.ok(heard.slice(first).every(({ sounds }) => sounds.length > 0));
  assert.ok(worst(offLine(heard, { as_of: -60_000 })) < 1);
  assert.equal(cuts.length, 1);
  assert.ok(Math.abs(cuts[0] - 61_000) < 500, `cut at ${cuts[0]}`);
  assert.deepEqual(told.filter(({ type }) => type === "measured").map((each) => each.duration_ms), [200_000]);
  assert.equal(deck.player.effort().seeks, 0);
});

test("at the change from the part to the whole the two sound as one", async () => {
  const { deck, run, heard } = given();
  deck.follow(line({ as_of: -60_000 }));
  await run(6_000, 1);
  const together = heard.filter(({ sounds }) => sounds.length === 2);
  assert.ok(together.length >= 8 && together.length <= 12, `${together.length} ms`);
  for (const { sounds: [one, other] } of together) {
    assert.ok(Math.abs(one.place - other.place) < 0.1);
    assert.ok(Math.abs(one.volume + other.volume - 1) < 0.05);
  }
});

test("a room that goes elsewhere meanwhile waits for the whole", async () => {
  const { deck, run, heard, timers } = given();
  deck.follow(line({ as_of: -60_000 }));
  await run(1_000);
  const as_of = timers.now() + 1_000;
  deck.follow(line({ position: 150_000, as_of }));
  await run(100);
  heard.length = 0;
  await run(1_500);
  assert.ok(heard.every(({ sounds }) => sounds.length === 0));
  await run(3_000);
  assert.ok(heard.at(-1).sounds.length > 0);
  assert.ok(worst(offLine(heard, { position: 150_000, as_of })) < 1);
});

test("a part that ends before the whole is there is silence, and then goes on in its place", async () => {
  const { deck, run, heard } = given({ lasts: 2 });
  deck.follow(line({ as_of: -60_000 }));
  await run(2_800);
  assert.equal(heard.at(-1).sounds.length, 0);
  assert.equal(deck.stalled, true);
  await run(3_000);
  assert.equal(deck.stalled, false);
  assert.ok(heard.at(-1).sounds.length > 0);
  assert.ok(worst(offLine(heard, { as_of: -60_000 })) < 1);
});

test("where the whole is no sound, or does not come, the next player has the track", async () => {
  const never = () => ({ seconds: 200, takes: 1e9 });
  const broken = () => {
    throw new DOMException("no", "EncodingError");
  };
  for (const [whole, ms] of [[broken, 500], [never, 16_500]]) {
    const plain = ELEMENT();
    const { deck, run } = given({ whole, others: [plain] });
    deck.follow(line({ as_of: -60_000 }));
    await run(ms, 50);
    assert.equal(deck.player, plain);
  }
});

test("what waits in the wings, and what is short, is decoded as a whole", async () => {
  const { deck, run, cuts } = given();
  deck.follow(line({ as_of: 0 }, { duration_ms: 25_000, next: track({ entry: "b", url: "/media/b.mp3" }) }));
  await run(10_000, 50);
  assert.deepEqual(cuts, []);
});
