import assert from "node:assert/strict";
import test from "node:test";

import { inbox, newsOf, ownRequests } from "../../web/static/js/models/inbox.js";

const request = (id, more = {}) => ({
  id, by: "bob", by_name: "Bob", action: "add", track: { title: `Song ${id}` }, entry: null, at: Number(id), status: "pending",
  decided_at: null, decided_by: null, reason: "", ...more,
});
const room = (more = {}) => ({ pending: [], requests: [], queue: [{ id: "e1", track: { title: "Brook" } }], ...more });

test("people at the door come first, then requests, the oldest first; what is decided is not there", () => {
  const state = room({
    pending: [{ id: "dave", name: "Dave", at: 9 }, { id: "erin", name: "Erin", at: 3 }],
    requests: [request("7"), request("5"), request("1", { status: "approved" }), request("8", { action: "remove", track: null, entry: "e1" })],
  });
  assert.deepEqual(inbox(state).map(({ title }) => title), ["Erin", "Dave", "Song 5", "Song 7", "Brook"]);
  assert.deepEqual(inbox(state).map(({ what }) => what), ["wants to come in", "wants to come in", "asks to add", "asks to add", "asks to remove"]);
});

test("a song that left the queue meanwhile is said to be gone", () => {
  assert.equal(inbox(room({ requests: [request("1", { action: "move", track: null, entry: "e9" })] }))[0].title, "a song that is gone");
});

test("whoever asked sees what became of it for ten minutes, and not what they took back", () => {
  const decided = (status, decided_at, reason = "") => ({ status, decided_at, reason });
  const state = room({
    requests: [
      request("1", decided("approved", 900_000)), request("2", decided("rejected", 990_000, "too slow")), request("3"),
      request("4", decided("withdrawn", 990_000)), request("5", decided("expired", 100_000)), request("6", { by: "carol" }),
    ],
  });
  assert.deepEqual(ownRequests(state, "bob", 1_000_000).map(({ title, says, open }) => [title, says, open]), [
    ["Song 3", "waiting for the host", true], ["Song 2", "not this time: too slow", false], ["Song 1", "accepted", false],
  ]);
});

test("news is for whom it concerns", () => {
  const made = { events: [{ type: "request_made", request: request("1") }] };
  const after = room({ requests: [request("1")] });
  assert.equal(newsOf(made, room(), after, "alice", true), "Bob asks to add: Song 1");
  assert.equal(newsOf(made, room(), after, "bob", true), null);
  assert.equal(newsOf(made, room(), after, "carol", false), null);
  const knocked = { events: [{ type: "knocked", knock: { id: "dave", name: "Dave" } }] };
  assert.equal(newsOf(knocked, room(), room(), "alice", true), "Dave wants to come in.");
  const decided = { events: [{ type: "request_decided", request: "1", status: "rejected", by: "alice", reason: "not now" }] };
  assert.equal(newsOf(decided, after, room(), "bob", false), "Song 1: not this time: not now");
  assert.equal(newsOf(decided, after, room(), "alice", true), null);
  assert.equal(newsOf(decided, null, room(), "bob", false), null);
});
