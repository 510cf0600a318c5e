import assert from "node:assert/strict";
import test from "node:test";

import * as words from "../../web/static/js/models/sync-words.js";
import * as waiting from "../../web/static/js/models/waiting.js";

const member = (id, more = {}) => ({ id, name: id[0].toUpperCase() + id.slice(1), role: "member", online: true, listens: true, ...more });
const room = (missing, { why = "load", members = ["alice", "bob", "carol", "dave", "erin"].map((id) => member(id)) } = {}) => ({
  members, queue: [], chat: [], rights: {}, playback: { entry: "e1", playing: false },
  waiting: missing && { entry: "e1", why, since: 1_000, until: 4_000, missing },
});

test("says for whom the room waits, and that oneself is meant", () => {
  const said = [[], ["bob"], ["bob", "carol"], ["bob", "carol", "dave"], ["bob", "carol", "dave", "erin"], ["alice"], ["alice", "bob"]];
  assert.deepEqual(said.map((missing) => waiting.waitingWords(room(missing), "alice").replace(", and ", " and ")), [
    "About to start…",
    "Waiting for Bob…",
    "Waiting for Bob and Carol…",
    "Waiting for Bob, Carol and Dave…",
    "Waiting for Bob, Carol and 2 others…",
    "Waiting for this device to load…",
    "Waiting for you and Bob…",
  ]);
  assert.equal(waiting.waitingWords(room(["bob"], { why: "buffering" }), "alice"), "Bob is buffering. The room waits…");
  assert.equal(waiting.waitingWords(room(["bob"], { why: "buffering" }), "bob"), "Your player ran dry. The room waits for it…");
  assert.equal(waiting.boundWords({ since: 1_000, until: 4_000 }), "for 3 seconds at most");
  assert.equal(waiting.boundWords({ since: 1_000, until: 1_900 }), "for 1 second at most");
});

test("who has gone or does not listen is not waited for", () => {
  const members = [member("bob", { online: false }), member("carol", { listens: false }), member("dave")];
  assert.deepEqual(waiting.missingNow(room(["bob", "carol", "dave", "gone"], { members })).map((each) => each.id), ["dave"]);
  assert.deepEqual(waiting.missingNow(room(null)), []);
  assert.equal(waiting.waitOf(room(null)), null);
  assert.equal(waiting.waitOf(room(["bob"])), "e1 1000");
});

test("only what the room itself started, with somebody missing, was started without them", () => {
  const started = (cause) => ({ type: "playback_changed", cause, playback: { entry: "e1", playing: true } });
  const left = (missing, ...events) => waiting.leftBehind(room(missing), { events }).map((each) => each.id);
  assert.deepEqual(left(["carol", "bob"], started("ready")), ["bob", "carol"]);
  assert.deepEqual(left(["bob"], { type: "became_ready", user: "bob" }, started("ready")), []);
  assert.deepEqual(left(["bob"], { type: "presence", user: "bob", online: false }, started("ready")), []);
  assert.deepEqual(left(["bob"], started("play")), []);
  assert.deepEqual(waiting.leftBehind(null, { events: [started("ready")] }), []);
  assert.equal(waiting.leftBehindWords([member("bob"), member("carol")], "alice"), "Started without Bob and Carol.");
  assert.match(waiting.leftBehindWords([member("bob")], "bob"), /this device joins/);
});

test("distances are written as exactly as they are known", () => {
  assert.deepEqual([0, 0.42, -9.96, 12.3, 1_234].map(words.distance), ["0 ms", "0.4 ms", "10 ms", "12 ms", "1.2 s"]);
  assert.deepEqual([0.01, 0.42, -12.3].map(words.offset), ["within 0.1 ms", "0.4 ms behind", "12 ms ahead"]);
  assert.deepEqual([-9, 11, -60].map(words.toneOf), ["good", "fair", "bad"]);
  assert.equal(words.playerWords("webaudio"), "Web Audio");
});

const report = (more = {}) => ({ state: "playing", player: "element", error: 2, p95: 4, uncertainty: 1, at: 10_000, ...more });

test("everybody's standing, trouble first; old reports and people who are away say nothing", () => {
  const members = [
    member("alice"), member("bob"), member("carol", { online: false }), member("dave"), member("erin", { listens: false }), member("frank"),
  ];
  const pulse = {
    members: { alice: report(), bob: report({ state: "blocked" }), carol: report({ state: "failed" }), dave: report({ at: 0 }), frank: report({ error: null }) },
  };
  const reports = words.fresh(pulse, 20_000);
  assert.deepEqual(words.fresh(null, 0), {});
  const { rows, more } = words.standings(members, reports, "alice");
  assert.deepEqual(rows.map((row) => [row.member.id, row.text]), [
    ["bob", "sound is blocked"], ["alice", "2 ms behind"], ["dave", "–"], ["erin", "not listening"], ["frank", "starting"], ["carol", "away"],
  ]);
  assert.equal(more, 0);
  assert.equal(words.standings(Array.from({ length: 60 }, (_, n) => member(`p${n}`)), {}, "p0").more, 10);
  assert.equal(words.standing(member("bob"), report({ state: "still" })).text, "paused");
  assert.equal(words.troubleOf(member("bob"), report()), null);
  assert.equal(words.troubleOf(member("bob"), undefined), null);
});

test("the room and the curve in a sentence", () => {
  assert.equal(words.roomWords(null), "Nobody reports yet");
  assert.equal(words.roomWords({ listeners: 3, p50: 1.2, p95: 3.4 }), "half within 1.2 ms, 95 % within 3.4 ms");
  assert.equal(words.roomWords({ listeners: 1, p50: 1.2, p95: 1.2 }), "one player, within 1.2 ms");
  assert.equal(words.summaryWords({ seconds: 200, p95: 1, worst: 14 }), "Over the last 3 minutes: within 1 ms for 95 of 100 seconds, 14 ms at worst.");
  assert.match(words.summaryWords({ seconds: 12, p95: 1, worst: 14 }), /last 12 seconds/);
  assert.match(words.summaryWords(null), /Nothing was heard/);
});
