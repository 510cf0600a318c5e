import assert from "node:assert/strict";
import test from "node:test";

import { apply, may, opened, positionAt } from "../../web/static/js/client/room.js";

const track = (title) => ({ title, url: `https://music.example/${title}.mp3` });
const entry = (id, rank) => ({ id, rank, by: "u1", by_name: "Alice", added_at: 0, track: track(id) });
const member = (id, role, more = {}) => ({ id, name: id, role, guest: true, online: true, joined_at: 0, ...more });

function room(changes = {}) {
  return opened({
    id: "r1", code: "Q7K2MX", name: "Friday", description: "", theme: "", visibility: "public", entry_mode: "public",
    chat_enabled: true, autoplay: true, repeat: "off", created_at: 0, owner: "u1", host: "u1",
    playback: { entry: "a", position: 0, rate: 1, playing: true, as_of: 1_000 },
    queue: [entry("b", 2), entry("a", 1)],
    members: [member("u1", "host"), member("u2", "member")],
    chat: [],
    rights: { host: ["play", "skip", "add"], cohost: ["play"], member: ["add"] },
    ...changes,
  });
}

const after = (state, ...events) => apply(state, { events });
const ids = (state) => state.queue.map((each) => each.id);
const roles = (state) => Object.fromEntries(state.members.map((each) => [each.id, each.role]));

test("the queue is kept in order of rank", () => {
  assert.deepEqual(ids(room()), ["a", "b"]);
});

test("settings_changed changes what it names and nothing else", () => {
  const state = after(room(), { type: "settings_changed", changes: { name: "Saturday", repeat: "one" } });
  assert.equal(state.name, "Saturday");
  assert.equal(state.repeat, "one");
  assert.equal(state.visibility, "public");
});

test("member_joined adds, and replaces somebody who is here under a new name", () => {
  const joined = after(room(), { type: "member_joined", member: member("u3", "member") });
  assert.equal(joined.members.length, 3);
  const renamed = after(joined, { type: "member_joined", member: member("u3", "member", { name: "Carol" }) });
  assert.equal(renamed.members.length, 3);
  assert.equal(renamed.members.find((each) => each.id === "u3").name, "Carol");
});

test("member_left, presence and role_changed", () => {
  const state = after(
    room(),
    { type: "presence", user: "u2", online: false },
    { type: "role_changed", user: "u2", role: "cohost" },
  );
  assert.deepEqual([state.members[1].online, state.members[1].role], [false, "cohost"]);
  assert.deepEqual(roles(after(state, { type: "member_left", user: "u2" })), { u1: "host" });
});

test("host_changed: the old host is from now on what the event says", () => {
  const over = after(room(), { type: "host_changed", host: "u2", owner: "u2", reason: "handed_over", former: "member" });
  assert.deepEqual(roles(over), { u1: "member", u2: "host" });
  assert.equal(over.owner, "u2");
  const lost = after(room(), { type: "host_changed", host: "u2", owner: "u1", reason: "lost", former: "cohost" });
  assert.deepEqual(roles(lost), { u1: "cohost", u2: "host" });
  const back = after(lost, { type: "host_changed", host: "u1", owner: "u1", reason: "returned", former: "member" });
  assert.deepEqual(roles(back), { u1: "host", u2: "member" });
});

test("host_changed that only changes the owner leaves the host the host", () => {
  const state = after(room({ owner: "u9" }), { type: "host_changed", host: "u1", owner: "u1", reason: "left", former: "member" });
  assert.deepEqual([state.owner, roles(state).u1], ["u1", "host"]);
});

test("entries_added goes where its rank says; twice is once", () => {
  const event = { type: "entries_added", entries: [entry("c", 1.5)] };
  assert.deepEqual(ids(after(room(), event, event)), ["a", "c", "b"]);
});

test("entries_removed and entries_ranked", () => {
  assert.deepEqual(ids(after(room(), { type: "entries_removed", entries: ["a"] })), ["b"]);
  assert.deepEqual(ids(after(room(), { type: "entries_ranked", ranks: { a: 3 } })), ["b", "a"]);
});

test("entry_measured gives that entry its length", () => {
  const state = after(room(), { type: "entry_measured", entry: "b", duration_ms: 61_000 });
  assert.deepEqual(state.queue.map((each) => each.track.duration_ms), [undefined, 61_000]);
});

test("playback_changed, said, room_closed", () => {
  const playback = { entry: "b", position: 5, rate: 1, playing: false, as_of: 9 };
  const message = { id: "m1", by: "u2", by_name: "Bob", text: "hi", at: 3 };
  const state = after(
    room(),
    { type: "playback_changed", playback, cause: "skipped" },
    { type: "said", message },
    { type: "room_closed" },
  );
  assert.deepEqual(state.playback, playback);
  assert.deepEqual(state.chat, [message]);
  assert.equal(state.closed, true);
});

const listening = (n) => Array.from({ length: n }, (_, i) => member(`u${i + 1}`, i ? "member" : "host"));
const VOTING = { rights: { host: ["vote"], member: ["vote"] }, skip_share: 0.5, skip_votes: [], ups: {}, djs: [], requests: [], pending: [] };
const big = (n, changes = {}) => room({ ...VOTING, members: listening(n), ...changes });

test("so many votes are needed as people are there who may vote", () => {
  const needed = [1, 2, 3, 10, 25, 161].map((n) => big(n).skip_needed);
  assert.deepEqual(needed, [1, 1, 2, 5, 13, 32]);
  assert.equal(after(big(3), { type: "presence", user: "u3", online: false }).skip_needed, 1);
  assert.equal(after(big(3), { type: "listening_changed", user: "u3", on: false }).skip_needed, 1);
  assert.equal(after(big(3), { type: "rights_changed", rights: { member: ["add"] } }).skip_needed, 1);
  assert.equal(after(big(10), { type: "settings_changed", changes: { skip_share: 1 } }).skip_needed, 10);
});

test("votes to skip are of one run; wishes go with their entry", () => {
  const voted = after(
    big(3),
    { type: "skip_voted", user: "u2", skip: true, votes: 1, needed: 2 },
    { type: "entry_voted", entry: "b", user: "u2", up: true },
    { type: "entry_voted", entry: "b", user: "u3", up: true },
  );
  assert.deepEqual([voted.skip_votes, voted.ups], [["u2"], { b: ["u2", "u3"] }]);
  assert.deepEqual(after(voted, { type: "skip_voted", user: "u2", skip: false }).skip_votes, []);
  const paused = after(voted, { type: "playback_changed", playback: { ...voted.playback, playing: false }, cause: "pause" });
  assert.deepEqual(paused.skip_votes, ["u2"]);
  const again = after(voted, { type: "playback_changed", playback: voted.playback, cause: "ended" });
  assert.deepEqual([again.skip_votes, again.ups], [[], { b: ["u2", "u3"] }]);
  const next = after(voted, { type: "playback_changed", playback: { ...voted.playback, entry: "b" }, cause: "skipped" });
  assert.deepEqual([next.skip_votes, next.ups], [[], {}]);
  assert.deepEqual(after(voted, { type: "entries_removed", entries: ["b"] }).ups, {});
  const left = after(voted, { type: "member_left", user: "u2", name: "u2", how: "kicked", reason: "" });
  assert.deepEqual([left.skip_votes, left.ups, left.members.length], [[], { b: ["u3"] }, 2]);
});

test("people at the door, at the decks, muted and renamed", () => {
  const knock = { id: "u7", name: "Dave", guest: true, at: 5 };
  const knocked = after(big(1), { type: "knocked", knock });
  assert.deepEqual(knocked.pending, [knock]);
  assert.deepEqual(after(knocked, { type: "knock_answered", user: "u7", approved: false, by: "u1" }).pending, []);
  assert.deepEqual(after(knocked, { type: "member_joined", member: member("u7", "member") }).pending, []);
  const decks = after(big(2), { type: "dj_changed", user: "u1", on: true }, { type: "dj_changed", user: "u2", on: true });
  assert.deepEqual(decks.djs, ["u1", "u2"]);
  assert.deepEqual(after(decks, { type: "dj_changed", user: "u1", on: false }).djs, ["u2"]);
  const acts = Array.from({ length: 12 }, (_, n) => ({ type: "act_noted", act: { id: String(n), what: "added" } }));
  const noted = after(big(2), ...acts, { type: "act_undone", act: "11" });
  assert.deepEqual(noted.acts.map((act) => act.id), ["2", "3", "4", "5", "6", "7", "8", "9", "10"]);
  const deaf = after(big(2), { type: "listening_changed", user: "u2", on: false });
  assert.deepEqual(deaf.members.map((member) => member.listens ?? true), [true, false]);
  const muted = after(big(2), { type: "member_muted", user: "u2", until: 9 }, { type: "member_renamed", user: "u2", name: "Bob" });
  assert.deepEqual([muted.members[1].muted_until, muted.members[1].name], [9, "Bob"]);
});

test("requests are made and decided, and the log of decided ones has an end", () => {
  const request = (id) => ({ id, by: "u2", by_name: "Bob", action: "add", track: track("x"), at: 1, status: "pending" });
  let state = after(big(2), { type: "request_made", request: request("q0") });
  assert.equal(state.requests[0].status, "pending");
  for (let n = 1; n <= 202; n += 1) {
    const decided = { type: "request_decided", request: `q${n}`, status: "rejected", by: "u1", reason: "no", at: n };
    state = after(state, { type: "request_made", request: request(`q${n}`) }, decided);
  }
  assert.equal(state.requests.length, 202);
  assert.deepEqual([state.requests[0].id, state.requests[1].id], ["q0", "q2"]);
  assert.deepEqual([state.requests.at(-1).decided_by, state.requests.at(-1).reason], ["u1", "no"]);
});

test("reactions, deleted lines and a cleared chat", () => {
  const said = (id) => ({ type: "said", message: { id, by: "u2", by_name: "Bob", text: id, at: 3 } });
  const on = { type: "reacted", message: "2", emoji: "👍", user: "u1", on: true };
  const state = after(big(2), said("2"), said("3"), on, on);
  assert.deepEqual(state.chat[0].reactions, { "👍": ["u1"] });
  assert.deepEqual(after(state, { ...on, on: false }).chat[0].reactions, {});
  assert.deepEqual(after(state, { type: "message_deleted", message: "2" }).chat.map((line) => line.id), ["3"]);
  assert.deepEqual(after(state, { type: "chat_cleared" }).chat, []);
});

test("an unknown event changes nothing, and a commit may be empty", () => {
  const state = room();
  assert.equal(after(state, { type: "confetti", amount: 3 }), state);
  assert.equal(after(state), state);
});

test("the state before is left as it was", () => {
  const state = room();
  const copy = structuredClone(state);
  after(state, { type: "entries_ranked", ranks: { a: 3 } }, { type: "presence", user: "u1", online: false });
  assert.deepEqual(state, copy);
});

test("a line that starts in the future stands until then", () => {
  const line = { entry: "a", position: 500, rate: 2, playing: true, as_of: 1_000 };
  assert.equal(positionAt(line, 400), 500);
  assert.equal(positionAt(line, 1_250), 1_000);
  assert.equal(positionAt({ ...line, playing: false }, 9_999), 500);
});

test("rights follow the role", () => {
  assert.equal(may(room(), "u1", "skip"), true);
  assert.equal(may(room(), "u2", "skip"), false);
  assert.equal(may(room(), "stranger", "add"), false);
  assert.equal(may(null, "u1", "add"), false);
});
