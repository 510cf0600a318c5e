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
