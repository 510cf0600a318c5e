import assert from "node:assert/strict";
import test from "node:test";

import { deedOf } from "../../web/static/js/models/deeds.js";

const room = {
  host: "alice",
  rights: { host: ["play", "skip"], cohost: ["play", "skip"], member: ["vote"] },
  members: [{ id: "alice", name: "Alice", role: "host" }, { id: "bob", name: "Bob", role: "member" }, { id: "carol", name: "Carol", role: "member" }],
  queue: [{ id: "e1", track: { title: "Brook" } }],
  playback: { entry: "e1", position: 0, playing: true },
};
const commit = (by, ...events) => ({ by, by_name: { alice: "Alice", bob: "Bob" }[by] ?? "", events });
const played = (cause, position = 0) => ({ type: "playback_changed", cause, playback: { entry: "e1", position } });
const told = (made, you = "carol", before = room) => deedOf(made, before, room, you);

test("who did what to the music is told to the others, and not to whom it was", () => {
  assert.equal(told(commit("alice", played("pause"))), "Alice paused the music.");
  assert.equal(told(commit("alice", played("play"))), "Alice started the music.");
  assert.equal(told(commit("alice", played("seek", 83_000))), "Alice went to 1:23.");
  assert.equal(told(commit("alice", played("skipped"))), "Alice skipped Brook.");
  assert.equal(told(commit("alice", played("pause")), "alice"), null);
});

test("the last of the votes is nobody's skip, and what time brings is nobody's deed", () => {
  assert.equal(told(commit("bob", { type: "skip_voted", user: "bob", skip: true }, played("skipped"))), "Skipped by votes: Brook.");
  for (const cause of ["ended", "started", "buffering", "rate"]) assert.equal(told(commit("alice", played(cause))), null);
  assert.equal(told(commit(null, played("pause"))), null);
  assert.equal(told(commit("alice", played("pause")), "carol", null), null);
});

test("whoever runs the room from now on is told so, and so are the others", () => {
  const passed = (reason, host) => commit("alice", { type: "host_changed", host, owner: host, reason, former: "member" });
  assert.equal(told(passed("handed_over", "bob"), "bob"), "Alice handed the room over to you. You host it now.");
  assert.equal(told(passed("handed_over", "bob")), "Bob hosts the room now.");
  assert.equal(told(passed("handed_over", "bob"), "alice"), "Bob hosts the room now.");
  assert.equal(told(passed("left", "bob"), "bob"), "The host has left. You host the room now.");
  assert.equal(told(passed("lost", "bob"), "bob"), "The host is out of reach. You stand in for them.");
  assert.equal(told(passed("lost", "bob")), "The host is out of reach. Bob stands in.");
  assert.equal(told(passed("returned", "alice")), "Alice is back, and hosts again.");
  assert.equal(told(passed("returned", "alice"), "alice"), null);
});

test("a role is told to whose it is", () => {
  const given = (role) => commit("alice", { type: "role_changed", user: "bob", role });
  assert.equal(told(given("cohost"), "bob"), "Alice made you a co-host.");
  assert.equal(told(given("member"), "bob"), "You are no co-host any more.");
  assert.equal(told(given("cohost")), null);
});
