/** What the room's page works out before it shows it: what was missed, who comes next, who may do what, emoji, colours. */
import assert from "node:assert/strict";
import test from "node:test";

import { emojiFor, grouped, withRecent } from "../../web/static/js/models/emoji.js";
import { GROUPS } from "../../web/static/js/parts/emoji.js";
import { hueOfPixels } from "../../web/static/js/models/format.js";
import { keepable } from "../../web/static/js/models/library.js";
import { sections } from "../../web/static/js/models/queue.js";
import { rolesInWords } from "../../web/static/js/models/roles.js";
import { limitWords, turnWords } from "../../web/static/js/models/turns.js";
import { Seen, Unread, missed, slowFor } from "../../web/static/js/models/unread.js";
import { LineWindow } from "../../web/static/js/models/window.js";
import { listed, locale } from "../../web/static/js/models/words.js";

const line = (id, by = "u2", at = 0) => ({ id: String(id), by, at });

test("what others said since one was here last is missed, and marked until more is", () => {
  const lines = [line(8), line(9), line(10, "u1"), line(11), line(12)];
  assert.deepEqual(missed(lines, "9", "u1"), ["11", "12"]);
  assert.deepEqual(missed(lines, null, "u1"), []);
  const unread = new Unread();
  unread.add([]);
  assert.equal(unread.mark, null);
  unread.add(["11"]);
  unread.add(["12"]);
  assert.deepEqual([unread.count, unread.mark], [2, { first: "11", count: 2 }]);
  unread.clear();
  assert.deepEqual([unread.count, unread.mark], [0, { first: "11", count: 2 }]);
  unread.add(["15"]);
  assert.deepEqual(unread.mark, { first: "15", count: 1 });
});

test("the last line seen is kept for each room, whatever stands in the storage", () => {
  const kept = new Map([["roomd.seen", "{}"]]);
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
  assert.equal(new Seen(storage, "AAAAAA").last, null);
  for (let n = 0; n < 40; n += 1) new Seen(storage, `ROOM${n}`).note(String(n));
  assert.deepEqual(["ROOM39", "ROOM10", "ROOM9"].map((code) => new Seen(storage, code).last), ["39", "10", null]);
});

test("a slow room lets one wait from one's own last line on", () => {
  const room = { slow_mode_s: 30, chat: [line(1, "u1", 1_000), line(2, "u2", 9_000)] };
  assert.deepEqual([11_000, 31_000].map((now) => slowFor(room, "u1", now)), [20_000, 0]);
  assert.equal(slowFor({ ...room, slow_mode_s: 0 }, "u1", 1_001), 0);
});

test("of thousands of lines a few stand in the page, and reading on shows all of them", () => {
  const all = Array.from({ length: 1_000 }, (_, n) => n);
  const span = new LineWindow();
  let shown = span.of(all);
  assert.deepEqual([shown.length, shown.at(-1), span.after], [30, 999, 0]);
  let steps = 0;
  for (; span.before > 0; steps += 1) {
    span.earlier();
    const next = span.of(all);
    assert.ok(next.length <= 150 && next[0] < shown[0] && next.at(-1) >= shown[0]);
    shown = next;
  }
  assert.deepEqual([shown[0], steps], [0, 97]);
  // What is said meanwhile changes nothing of what is read; older lines come before it.
  all.push(1_000, 1_001);
  assert.deepEqual(span.of(all), shown);
  all.unshift(-2, -1);
  span.grew(2);
  assert.deepEqual([span.of(all)[0], span.before], [0, 2]);
  while (span.after > 0) span.later();
  assert.equal(span.of(all).at(-1), 1_001);
  span.toEnd();
  assert.equal(span.of(all).length, 30);
});

test("a queue that has played to its end was played; what came since is to come", () => {
  const entry = (id, added_at) => ({ id, added_at });
  const room = { queue: [entry("a", 1), entry("b", 2), entry("c", 50)], playback: { entry: null, as_of: 40, position: 0, playing: false } };
  assert.deepEqual(sections(room).played.map(({ id }) => id), ["a", "b"]);
  assert.deepEqual(sections(room).coming.map(({ id }) => id), ["c"]);
  const bare = { ...room, playback: { ...room.playback, playing: true } };
  assert.equal(sections(bare).coming.length, 3);
});

test("whose turn it is, where people have turns", () => {
  const entry = (id, by, why = "") => ({ id, by, by_name: by.toUpperCase(), added_at: 9, why });
  const room = {
    queue_mode: "fair", members: [{ id: "ann", name: "ANN" }], djs: [], playback: { entry: "a" },
    queue: [entry("a", "ann"), entry("b", "bob"), entry("r", "ann", "like it"), entry("c", "ann"), entry("d", "cy"), entry("e", "bob")],
  };
  assert.equal(turnWords(room, "ann"), `Next in turn: ${listed(["BOB", "you", "CY"])}`);
  assert.equal(turnWords({ ...room, queue_mode: "host" }, "ann"), "");
  const decks = { ...room, queue_mode: "dj", queue: [] };
  assert.equal(turnWords(decks, "bob"), "Nobody is at the decks. Step up, and play.");
  assert.equal(turnWords({ ...decks, djs: ["ann", "gone"] }, "bob"), "At the decks: ANN");
  assert.deepEqual(limitWords({ tracks_each: 1, minutes_each: 20 }), ["Everybody may have 1 song coming.", "Everybody may have 20 minutes of music coming."]);
});

test("roles are told by what they may do here", () => {
  const rights = { host: ["add", "close"], cohost: ["skip", "unheard of"], member: ["add", "request", "chat"] };
  assert.deepEqual(rolesInWords(rights).map(({ may }) => may), ["May do everything.", "May skip.", "May add songs and chat."]);
  assert.equal(rolesInWords({}).at(-1).may, "May listen.");
});

test("emoji are found by the beginnings of their names, each is there once, and fits a reaction", () => {
  const all = grouped(GROUPS).flatMap((group) => group.all);
  assert.ok(all.length >= 200);
  assert.equal(new Set(all.map(({ emoji }) => emoji)).size, all.length);
  for (const { emoji, name } of all) assert.ok(emoji && emoji.length <= 16 && /^[a-z]/.test(name), `${emoji} ${name}`);
  assert.deepEqual(emojiFor(all, "party pop").map(({ emoji }) => emoji), ["🎉"]);
  assert.equal(emojiFor(all, "lol").length, 2);
  assert.deepEqual(emojiFor(all, "qqq"), []);
  assert.deepEqual(withRecent(["🎉", "🔥", "👍"], "🔥", 3), ["🔥", "🎉", "👍"]);
  assert.deepEqual(withRecent(["🎉", "🔥"], "👍", 2), ["👍", "🎉"]);
});

test("emoji are found in other scripts, and without accents", () => {
  const [{ all }] = grouped([["", ["❤️cœur rouge|amour", "✂️ciseaux", "🔥نار|حار", "🖤قلب أسود"]]]);
  assert.deepEqual(all.map(({ emoji, name }) => [emoji, name])[2], ["🔥", "نار"]);
  assert.deepEqual(["coeur", "CŒUR rou", "اسود", "حار", "c"].map((text) => emojiFor(all, text).map(({ emoji }) => emoji).join("")), ["❤️", "❤️", "🖤", "🔥", "❤️✂️"]);
});

test("a picture's colour is that of its strong parts; grey has none", () => {
  const picture = (...colours) => colours.flatMap((colour) => [...colour, 255]);
  assert.equal(hueOfPixels(picture([255, 0, 0], [128, 128, 128], [130, 128, 128])), 0);
  assert.equal(hueOfPixels(picture([0, 0, 255], [10, 20, 240])), 239);
  assert.equal(hueOfPixels(picture([90, 90, 90], [0, 0, 0], [255, 255, 255])), null);
  assert.equal(hueOfPixels(picture([255, 0, 0], [0, 255, 255])), null);
});

test("names are listed as one says them, and links cannot be kept", () => {
  assert.deepEqual([[], ["a"], ["a", "b"], ["a", "b", "c"]].map(listed), ["", "a", "a and b", new Intl.ListFormat(locale).format(["a", "b", "c"])]);
  assert.deepEqual(["local:a", "deezer:1", "youtube:x", "", undefined].map((source) => keepable({ source })), ["local:a", "deezer:1", null, null, null]);
});
