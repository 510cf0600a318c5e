import assert from "node:assert/strict";
import test from "node:test";

import { undoable } from "../../web/static/js/models/undo.js";

const room = { playback: { entry: "e1" }, queue: ["Brook", "Ferry", "Ridge"].map((title, n) => ({ id: `e${n + 1}`, track: { title } })) };
const commit = (what, ...events) => ({ by: "ann", events: [...events, { type: "act_noted", act: { id: "7", by: "ann", what } }] });

test("what one has just done can be taken back, and is said in words", () => {
  const says = (...given) => undoable(commit(...given), room, "ann")?.says;
  assert.equal(says("removed", { type: "entries_removed", entries: ["e2"] }), "Removed Ferry.");
  assert.equal(says("removed", { type: "entries_removed", entries: ["e2", "e3"] }), "Removed 2 tracks.");
  assert.equal(says("ordered", { type: "entries_ranked", ranks: { e3: 5 } }), "Moved Ridge.");
  assert.equal(says("ordered", { type: "entries_ranked", ranks: { e2: 1, e3: 5 } }), "The queue has another order.");
  assert.equal(says("skipped", { type: "playback" }), "Skipped Brook.");
  assert.equal(undoable(commit("removed", { type: "entries_removed", entries: ["e2"] }), room, "ann").act, "7");
});

test("not what others did, nor what is seen at once, nor where nothing was noted", () => {
  assert.equal(undoable(commit("skipped"), room, "bob"), null);
  assert.equal(undoable(commit("added"), room, "ann"), null);
  assert.equal(undoable({ by: "ann", events: [] }, room, "ann"), null);
  assert.equal(undoable(commit("skipped"), null, "ann"), null);
});
