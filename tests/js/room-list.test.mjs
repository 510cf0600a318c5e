import assert from "node:assert/strict";
import test from "node:test";

import { roomCode } from "../../web/static/js/models/format.js";
import { ago, bySoonest, othersIn, steady, whatPlays } from "../../web/static/js/models/room-list.js";

const rooms = (codes) => [...codes].map((code) => ({ code }));
const told = (list) => list.map(({ code, gone }) => (gone ? `(${code})` : code)).join("");

test("a list stays where it is: what goes keeps its place until something new takes it", () => {
  let shown = steady([], rooms("ABC"), 4);
  assert.equal(told(shown), "ABC");
  shown = steady(shown, rooms("CA"), 4);
  assert.equal(told(shown), "A(B)C");
  shown = steady(shown, rooms("DCAE"), 4);
  assert.equal(told(shown), "ADCE");
  shown = steady(shown, rooms("FGECDA"), 4);
  assert.equal(told(shown), "ADCE");
  assert.equal(told(steady(shown, [], 4)), "(A)(D)(C)(E)");
  assert.equal(told(steady(steady(shown, [], 4), rooms("A"), 4)), "A(D)(C)(E)");
});

test("one's own rooms: those where somebody is first, then the last used", () => {
  const list = bySoonest([
    { code: "old", online_count: 0, last_activity: "2026-01-01T00:00:00.000Z" },
    { code: "new", online_count: 0, last_activity: "2026-01-03T00:00:00.000Z" },
    { code: "live", online_count: 2, last_activity: "2026-01-02T00:00:00.000Z" },
  ]);
  assert.deepEqual(list.map(({ code }) => code), ["live", "new", "old"]);
});

test("what plays, who else is there, and how long ago", () => {
  assert.equal(whatPlays({ current_song: null }), null);
  assert.equal(whatPlays({ current_song: { title: "Walk", artist: "" } }), "Walk");
  assert.equal(whatPlays({ current_song: { title: "Walk", artist: "Carol" } }), "Walk – Carol");
  const participants = [{ id: "1", name: "Ada", is_online: true }, { id: "2", name: "Bob", is_online: true }, { id: "3", name: "Eve", is_online: false }];
  assert.deepEqual(othersIn({ participants }, "1"), ["Bob"]);
  assert.deepEqual(othersIn({}, "1"), []);
  const minute = 60_000;
  assert.deepEqual([30_000, minute, 90 * minute, 50 * 60 * minute].map((ms) => ago(0, ms)), [null, [-1, "minute"], [-1, "hour"], [-2, "day"]]);
});

test("a code is found in whatever was typed, pasted or scanned", () => {
  for (const text of ["q7k2mx", " Q7K-2MX ", "q7k 2mx", "https://party.example/r/Q7K2MX", "http://party.example/r/q7k2mx?from=qr#chat", "Join me: https://party.example/r/Q7K2MX/ now"]) {
    assert.equal(roomCode(text), "Q7K2MX", text);
  }
  for (const text of ["", "Q7K2M", "hello there", "https://party.example/library/", "Q7K2M0"]) assert.equal(roomCode(text), null, text);
});
