import assert from "node:assert/strict";
import test from "node:test";

import { line, track, worst } from "./audio-world.mjs";
import { LATE, given, handingOver, loudness, off, since } from "./relay-world.mjs";

test("a late joiner hears the quick one while the file is decoded, and then the exact one, without a hole or a leap", async () => {
  const { deck, run, all, name, elements, context } = given({ fetchMs: 1_500 });
  deck.follow(line(LATE));
  await run(900);
  assert.deepEqual([name(), deck.mode, context.sources.length], ["element", "running", 0]);
  const first = since(all)[0];
  assert.ok(first.room - all[0].room < 400, `was heard after ${first.room - all[0].room} ms`);
  await run(3_000);
  assert.deepEqual([name(), deck.mode, context.sources.length, elements[0].src], ["webaudio", "running", 1, ""]);
  const heard = since(all).slice(60);
  assert.ok(heard.every((each) => loudness(each) > 0.75 && loudness(each) < 1.25), "there was a hole, or both were loud");
  assert.ok(worst(off(heard, LATE)) < 3, `was ${worst(off(heard, LATE))}`);
  const both = all.filter(({ sounds }) => sounds.length > 1).length;
  assert.ok(both >= 3 && both <= 6, `both for ${both * 10} ms`);
  assert.ok(since(all).every(({ mode }) => mode !== "loading"));
});

test("happens once, and what is told of the player is true throughout", async () => {
  const { deck, run, all, context } = given();
  deck.follow(line(LATE));
  await run(12_000);
  const names = all.map(({ by }) => by).filter((each, n, list) => each !== list[n - 1]);
  assert.deepEqual(names, ["element", "webaudio"]);
  assert.equal(context.sources.length, 1);
  assert.ok(all.every(({ by, sounds }) => sounds.length !== 1 || (by === "webaudio") === ("source" in sounds[0]) || sounds[0].volume < 1));
  assert.ok(Math.abs(deck.actualPosition() - deck.expectedPosition()) < 1);
});

test("the file for decoding is asked for when the quick one has enough to play", async () => {
  const { deck, run, asked } = given({ element: { loadMs: 100, dataMs: 600 } });
  deck.follow(line({ playing: false }));
  await run(650);
  assert.deepEqual(asked, []);
  await run(200);
  assert.equal(asked.length, 1);
});

test("what is decoded already is never played by the element", async () => {
  const { deck, run, all, elements } = given({ fetchMs: 100 });
  deck.follow(line({ playing: false }));
  await run(1_000);
  deck.follow(null);
  await run(100);
  deck.follow(line({ as_of: 2_600 }));
  assert.deepEqual([elements.every((each) => each.src === ""), deck.player.name], [true, "webaudio"]);
  await run(2_000);
  const heard = since(all);
  assert.ok(Math.abs(heard[0].room - 2_600) <= 10);
  assert.ok(worst(off(heard, { as_of: 2_600 })) < 0.1);
});

test("the next track, loaded ahead, is the exact one's from its first sample on", async () => {
  const { deck, run, elements, name } = given({ fetchMs: 300 });
  const next = track({ entry: "b", url: "/media/b.mp3" });
  deck.follow(line({ as_of: 1_500 }, { duration_ms: 12_000, next }));
  await run(12_900);
  assert.deepEqual([name(), deck.mode, elements[1].src], ["webaudio", "running", ""]);
  assert.ok(Math.abs(deck.actualPosition() - 400) < 60, `was ${deck.actualPosition()}`);
});

test("a room that waits is told when the quick one is ready; decoded in time, the exact one starts", async () => {
  const { deck, run, all, name } = given({ fetchMs: 300 });
  deck.follow(line({ playing: false }));
  await run(60);
  assert.deepEqual([deck.ready, name()], [true, "element"]);
  await run(150);
  // Decoded 150 ms after it was scheduled, and 300 before it is to be heard.
  deck.follow(line({ as_of: 1_850 }));
  await run(3_000);
  const heard = since(all);
  assert.ok(Math.abs(heard[0].room - 1_850) <= 10, `was ${heard[0].room}`);
  assert.ok(worst(off(heard, { as_of: 1_850 })) < 0.1);
  assert.deepEqual([deck.mode, heard.every(({ by }) => by === "webaudio")], ["running", true]);
});

test("decoded too late for the instant, the quick one starts at it, and the exact one takes over", async () => {
  const { deck, run, all, name } = given({ fetchMs: 700 });
  deck.follow(line({ playing: false }));
  await run(200);
  deck.follow(line({ as_of: 1_550 }));
  await run(700);
  assert.deepEqual([name(), deck.mode], ["element", "running"]);
  await run(2_000);
  assert.equal(name(), "webaudio");
  const heard = since(all);
  assert.ok(Math.abs(heard[0].room - 1_550) <= 20, `was ${heard[0].room}`);
  assert.ok(heard.every((each) => loudness(each) > 0.75 && loudness(each) < 1.25));
});

test("paused while it hands over: silent at once, still, and ready to go on exactly", async () => {
  const { deck, run, all, name, elements } = await handingOver();
  deck.follow(line({ playing: false, position: 63_000 }));
  await run(1_000);
  assert.deepEqual([deck.mode, deck.ready, deck.actualPosition(), name(), elements[0].src], ["still", true, 63_000, "webaudio", ""]);
  assert.ok(all.slice(2).every(({ sounds }) => sounds.length === 0));
});

test("sought while it hands over: the exact one is there at the instant, and alone", async () => {
  const { deck, run, all, name, clock } = await handingOver();
  const as_of = clock.now() + 400;
  deck.follow(line({ as_of, position: 100_000 }));
  await run(2_000);
  const heard = all.filter(({ room }) => room > as_of);
  assert.ok(heard.slice(1).every(({ sounds }) => sounds.length === 1));
  assert.ok(worst(off(heard, { as_of, position: 100_000 })) < 0.1);
  assert.deepEqual([name(), deck.mode], ["webaudio", "running"]);
});

for (const [when, more] of [["while it hands over", 0], ["while the quick one is turned down", 270]]) {
  test(`skipped ${when}: nothing is left of it`, async () => {
    const { deck, run, all, clock, elements } = await handingOver();
    await run(more);
    const as_of = clock.now() + 400;
    deck.follow(line({ as_of, entry: "b" }, { entry: "b", url: "/media/b.mp3" }));
    await run(500);
    assert.deepEqual([deck.player.name, elements[0].src, elements[0].volume], ["element", "/media/b.mp3", 1]);
    await run(3_500);
    const heard = all.filter(({ room }) => room > as_of + 200);
    assert.ok(worst(off(heard, { as_of })) < 20, `was ${worst(off(heard, { as_of }))}`);
    assert.ok(heard.every((each) => loudness(each) > 0.75 && loudness(each) < 1.25));
    assert.deepEqual([deck.player.name, elements[0].src], ["webaudio", ""]);
  });
}

test("another rate while it hands over: it is put off, and then on the new line", async () => {
  const { deck, run, all, clock, name } = await handingOver();
  const now = clock.now();
  const faster = { as_of: now, position: now + 60_000, rate: 1.25 };
  deck.follow(line(faster));
  await run(3_000);
  assert.deepEqual([name(), deck.mode], ["webaudio", "running"]);
  assert.ok(worst(off(all.slice(-100), faster)) < 1, `was ${worst(off(all.slice(-100), faster))}`);
});

test("a trim that is moved while it hands over: it is planned anew for where the sound is to be", async () => {
  const { deck, run, all, name, context, players } = await handingOver();
  deck.trim = 80;
  await run(3_000);
  // The first was never heard, the second needed no jump.
  assert.deepEqual([name(), context.sources.length, players[0].effort().seeks], ["webaudio", 2, 0]);
  const ahead = { ...LATE, position: 80 };
  assert.ok(worst(off(all.slice(-100), ahead)) < 0.5, `was ${worst(off(all.slice(-100), ahead))}`);
});

test("let go while it hands over, or while it is turned down: silence, and the element is free", async () => {
  for (const more of [50, 270]) {
    const { deck, run, all, elements } = await handingOver();
    await run(more);
    deck.follow(null);
    await run(1_000);
    assert.deepEqual([deck.mode, elements[0].src, elements[0].paused], ["idle", "", true]);
    assert.ok(all.slice(-80).every(({ sounds }) => sounds.length === 0));
  }
});

test("the end is too near: the quick one plays to it, and the next track follows at its instant", async () => {
  const { deck, run, all, name, elements, told } = given({ fetchMs: 600, element: { length: 12 } });
  const next = track({ entry: "b", url: "/media/b.mp3" });
  deck.follow(line({ as_of: -7_500 }, { duration_ms: 12_000, next }));
  await run(3_400);
  assert.equal(name(), "element");
  await run(600);
  assert.deepEqual([name(), deck.mode, elements[0].src], ["webaudio", "running", ""]);
  assert.ok(worst(off(all.slice(-20), { as_of: 4_500 })) < 5);
  assert.ok(told.every((event) => event.type !== "ended"));
});
