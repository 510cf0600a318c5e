import assert from "node:assert/strict";
import test from "node:test";

import { answer, line, track, world } from "./audio-world.mjs";

/** A player that can play anything, and only notes what it was told. */
function element() {
  return {
    name: "element", tell: () => {}, position: 0, ready: true, loaded: [],
    load(what) {
      this.loaded.push(what.url);
    },
    unload() {}, stand() {}, level() {}, start: async () => "started", tick: () => "fine",
  };
}

test("takes music files of this server, up to ten minutes", () => {
  const { buffers } = world();
  const taken = (more) => buffers.takes(track(more));
  assert.equal(taken({}), true);
  assert.equal(taken({ url: "http://box:8000/media/a.mp3" }), true);
  for (const more of [{ kind: "video" }, { duration_ms: null }, { duration_ms: 601_000 }, { url: "https://music.example/a.mp3" }, { url: "//music.example/a.mp3" }, { url: "https://" }]) {
    assert.equal(taken(more), false, JSON.stringify(more));
  }
});

for (const [what, parts] of [
  ["is not there", { fetch: async () => answer({ status: 404 }) }],
  ["cannot be fetched", { fetch: async () => { throw new TypeError("no connection"); } }],
  ["is no sound", { decode: () => { throw new DOMException("no", "EncodingError"); } }],
  ["is much larger than its length allows", { fetch: async () => answer({ bytes: 30_000_000, parts: 3 }) }],
  ["is much longer than was said", { decode: () => ({ seconds: 3_000 }) }],
]) {
  test(`a file that ${what} is left to the media element`, async () => {
    const plain = element();
    const { deck, run, context } = world({ fetch: parts.fetch, others: [plain] });
    context.decode = parts.decode ?? context.decode;
    deck.follow(line({ as_of: 0 }));
    await run(500);
    assert.deepEqual([deck.player, plain.loaded], [plain, ["/media/a.mp3"]]);
  });
}

test("what is no sound is not tried again", async () => {
  let asked = 0;
  const plain = element();
  const { deck, run, context, buffers } = world({ fetch: async () => { asked += 1; return answer(); }, others: [plain] });
  context.decode = () => { throw new DOMException("no", "EncodingError"); };
  deck.follow(line({ as_of: 0 }));
  await run(100);
  assert.equal(buffers.takes(track()), false);
  deck.reload();
  await run(100);
  assert.equal(asked, 1);
});

test("a file that comes too slowly is given up as soon as that can be told", async () => {
  const plain = element();
  const slow = (parts) => {
    const made = world({ others: [plain], fetch: async () => answer({ parts, bytes: 1_000_000, wait: () => made.pass(200) }) });
    made.pass = (ms) => new Promise((resolve) => made.timers.set(resolve, ms));
    return made;
  };
  const hopeless = slow(100);
  hopeless.deck.follow(line({ as_of: 0 }));
  await hopeless.run(2_000);
  assert.equal(hopeless.deck.player, plain);
  const bearable = slow(10);
  bearable.deck.follow(line({ as_of: 0 }));
  await bearable.run(3_000);
  assert.equal(bearable.deck.player.name, "webaudio");
  assert.equal(bearable.deck.mode, "running");
});

test("a download ends when nobody wants it any more", async () => {
  const signals = [];
  const { deck, run } = world({ fetch: (url, { signal }) => { signals.push(signal); return new Promise(() => {}); } });
  deck.follow(line({ as_of: 0 }));
  await run(100);
  deck.follow(null);
  await run(100);
  assert.deepEqual(signals.map((signal) => signal.aborted), [true]);
});

test("what was decoded is kept as long as there is room", async () => {
  const asked = [];
  const { deck, run, context } = world({ fetch: async (url) => { asked.push(url); return answer(); } });
  // 77 MB each: three of them fit.
  context.decode = () => ({ seconds: 200 });
  for (const name of ["a", "b", "a", "c", "d", "a", "b"]) {
    deck.follow(line({ as_of: 0, entry: name }, { entry: name, url: `/media/${name}.mp3` }));
    await run(100);
  }
  assert.deepEqual(asked.map((url) => url.at(-5)), ["a", "b", "c", "d", "b"]);
});

test("what cannot be played from the wings by one player is by the next", async () => {
  const plain = element();
  const { deck, run } = world({
    others: [plain],
    fetch: async (url) => answer({ status: url.includes("b.mp3") ? 404 : 200 }),
  });
  deck.follow(line({ as_of: 0 }, { duration_ms: 20_000, next: track({ entry: "b", url: "/media/b.mp3" }) }));
  await run(1_000);
  assert.deepEqual([deck.player.name, plain.loaded], ["webaudio", ["/media/b.mp3"]]);
});

/** Buffers that note what was asked for, and which of it was wanted no more. */
function expecting() {
  const asked = [];
  const made = world({ fetch: async (url, { signal }) => { asked.push({ url, signal }); return answer(); } });
  return { ...made, asked };
}

test("what is expected is on its way at once, and is not asked for again", async () => {
  const { buffers, deck, run, asked } = expecting();
  buffers.expect(track());
  await run(100);
  assert.deepEqual(asked.map(({ url }) => url), ["/media/a.mp3"]);
  deck.follow(line({ as_of: 0 }));
  await run(500);
  assert.deepEqual([asked.length, deck.player.name, deck.mode], [1, "webaudio", "running"]);
});

test("what was expected in vain ends when something else plays, or in ten seconds", async () => {
  const { buffers, deck, run, asked } = expecting();
  buffers.expect(track({ url: "/media/b.mp3" }));
  deck.follow(line({ as_of: 0 }));
  await run(500);
  assert.deepEqual(asked.map(({ url, signal }) => [url, signal.aborted]), [["/media/b.mp3", true], ["/media/a.mp3", false]]);
  buffers.expect(track({ url: "/media/c.mp3" }));
  await run(9_000);
  assert.equal(asked[2].signal.aborted, false);
  await run(2_000);
  assert.equal(asked[2].signal.aborted, true);
  buffers.expect(track({ kind: "video" }));
  assert.equal(asked.length, 3);
});
