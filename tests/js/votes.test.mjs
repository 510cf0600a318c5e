import assert from "node:assert/strict";
import test from "node:test";

import { skipVote, upVotes } from "../../web/static/js/models/votes.js";

const room = { playback: { entry: "e1" }, skip_votes: ["bob"], skip_needed: 3, ups: { e2: ["ann", "bob"] } };

test("how far the vote to skip is, and what one's own button then says", () => {
  assert.equal(skipVote(room, "ann").label, "Vote to skip (1 of 3)");
  assert.deepEqual(skipVote(room, "bob"), { mine: true, votes: 1, needed: 3, label: "Take back your vote to skip (1 of 3)" });
  assert.equal(skipVote({ ...room, playback: { entry: null } }, "ann"), null);
});

test("who wants an entry sooner", () => {
  assert.deepEqual(upVotes(room, "e2", "ann"), { mine: true, count: 2 });
  assert.deepEqual(upVotes(room, "e3", "ann"), { mine: false, count: 0 });
});
