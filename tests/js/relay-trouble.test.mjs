import assert from "node:assert/strict";
import test from "node:test";

import { answer, line, worst } from "./audio-world.mjs";
import { LATE, given, off, since } from "./relay-world.mjs";

for (const [what, file] of [["cannot be fetched", { status: 404 }], ["is no sound", {}]]) {
  test(`a file that ${what} for decoding: the quick one goes on as if nothing had been`, async () => {
    const { deck, run, all, name, context, told } = given({ fetch: async () => answer(file) });
    context.decode = () => { throw new DOMException("no", "EncodingError"); };
    deck.follow(line(LATE));
    await run(6_000);
    assert.deepEqual([name(), deck.mode, context.sources.length], ["element", "running", 0]);
    assert.ok(since(all).every(({ sounds }) => sounds.length === 1));
    assert.deepEqual(told.filter(({ type }) => type === "failed"), []);
  });
}

test("a track that neither plays is said to have failed", async () => {
  const { deck, run, told } = given({ fetch: async () => answer({ status: 404 }) });
  deck.follow(line(LATE, { url: "/media/broken.mp3" }));
  await run(9_000);
  assert.deepEqual([deck.mode, told.filter(({ type }) => type === "failed").length], ["failed", 1]);
});

test("an element that does not play it leaves it to the exact one", async () => {
  const { deck, run, all, name } = given();
  deck.follow(line(LATE, { url: "/media/broken.mp3" }));
  await run(2_000);
  assert.deepEqual([name(), deck.mode], ["webaudio", "running"]);
  assert.ok(worst(off(all, LATE)) < 0.1);
});

test("an element that breaks down in the middle: the exact one comes in when it is loaded", async () => {
  const { deck, run, all, name, elements } = given({ fetchMs: 2_500 });
  deck.follow(line(LATE));
  await run(1_500);
  elements[0].dispatchEvent(new Event("error"));
  await run(500);
  assert.deepEqual([deck.mode, deck.stalled], ["running", true]);
  await run(2_000);
  assert.deepEqual([name(), deck.mode, deck.stalled], ["webaudio", "running", false]);
  assert.ok(worst(off(all.slice(-50), LATE)) < 0.1);
});

test("where the line is too slow for both, the element has it alone and stays", async () => {
  const { deck, run, name, elements, context } = given({ fetchMs: 5_000 });
  deck.follow(line(LATE));
  await run(1_500);
  elements[0].runDry();
  await run(1_000);
  elements[0].readyState = 4;
  elements[0].currentTime = 65;
  await run(6_000);
  assert.deepEqual([name(), context.sources.length], ["element", 0]);
});

test("an element that is dry has nothing to hand over gently: the exact one takes over as soon as it can", async () => {
  const { deck, run, all, name, elements } = given({ fetchMs: 1_300 });
  // So near to the end that otherwise it would be left at that.
  deck.follow(line(LATE, { duration_ms: 66_000 }));
  await run(1_200);
  elements[0].runDry();
  await run(1_300);
  assert.equal(name(), "webaudio");
  assert.ok(worst(off(all.slice(-20), LATE)) < 0.1);
});

test("sound that the browser blocks: asked for once, and then the exact one alone", async () => {
  const { deck, run, all, name, elements, context } = given();
  elements[0].refuses = "NotAllowedError";
  context.blocked = true;
  deck.follow(line(LATE));
  await run(3_000);
  assert.deepEqual([deck.mode, name(), all.every(({ sounds }) => sounds.length === 0)], ["blocked", "webaudio", true]);
  elements[0].refuses = null;
  context.blocked = false;
  all.length = 0;
  deck.resume();
  await run(2_000);
  assert.deepEqual([deck.mode, name()], ["running", "webaudio"]);
  assert.ok(worst(off(all, LATE)) < 0.1);
});

test("allowed to sound only after it was loaded, without anybody asking again: the exact one wakes with the element", async () => {
  const { deck, run, name, asked, context } = given({ fetchMs: 50 });
  context.blocked = true;
  deck.follow(line(LATE));
  await run(60);
  assert.deepEqual([asked.length, context.state, deck.mode], [1, "suspended", "cued"]);
  context.blocked = false;
  await run(3_000);
  assert.deepEqual([deck.mode, name()], ["running", "webaudio"]);
});

test("decoded in time but not allowed to sound, the exact one leaves the start to the element", async () => {
  const { deck, run, all, context } = given({ fetchMs: 100 });
  context.blocked = true;
  deck.follow(line({ as_of: 1_800 }));
  await run(3_000);
  assert.equal(deck.mode, "running");
  assert.ok(Math.abs(since(all)[0].room - 1_800) <= 20);
});

test("only the element may sound: it plays on", async () => {
  const { deck, run, all, name, context } = given();
  context.blocked = true;
  deck.follow(line(LATE));
  await run(6_000);
  assert.deepEqual([deck.mode, name()], ["running", "element"]);
  assert.ok(worst(off(all.slice(-100), LATE)) < 3);
});

test("something else stops the element: it is the exact one that goes on", async () => {
  const { deck, run, all, name, elements } = given({ fetchMs: 700 });
  deck.follow(line(LATE));
  await run(850);
  elements[0].pause();
  await run(1_200);
  assert.deepEqual([deck.mode, name()], ["running", "webaudio"]);
  assert.ok(worst(off(all.slice(-50), LATE)) < 0.1);
});

test("both are as loud as this device is to be, whoever plays", async () => {
  const { deck, run, elements, context } = given();
  deck.volume = () => ({ volume: 0.5, muted: false, even: false });
  deck.follow(line(LATE));
  await run(800);
  assert.equal(elements[0].volume, 0.5);
  await run(2_500);
  assert.deepEqual([context.sources.length, deck.player.loudness], [1, 0.5]);
  deck.follow(line({ as_of: deck.clock.now() - 30_000, entry: "b" }, { entry: "b", url: "/media/b.mp3" }));
  await run(800);
  assert.equal(elements[0].volume, 0.5);
});
