import assert from "node:assert/strict";
import test from "node:test";

import { presetOf, rulesChanged } from "../../web/static/js/models/rules.js";

const PARTY = ["add", "request", "vote", "chat"];
const room = { name: "Friday", radio: false, entry_mode: "public", rights: { member: PARTY } };
const form = (more = {}) => ({ settings: { name: "Friday", radio: false }, entry_mode: "public", password: "", preset: "party", ...more });
const anything = () => true;

test("a preset is told by what members may do", () => {
  assert.equal(presetOf({ member: ["request", "vote", "chat"] }), "host_only");
  assert.equal(presetOf({ member: PARTY }), "party");
  assert.equal(presetOf({ member: [...PARTY, "play"] }), "everyone_pauses");
  assert.equal(presetOf({ member: [...PARTY, "play", "seek", "skip", "remove", "reorder"] }), "everyone_controls");
});

test("only what changed is asked for, each by its command", () => {
  assert.deepEqual(rulesChanged(room, form(), anything), []);
  assert.deepEqual(rulesChanged(room, form({ settings: { name: "Saturday", radio: true }, entry_mode: "approval", preset: "host_only" }), anything), [
    ["set", { name: "Saturday", radio: true }], ["door", { entry_mode: "approval" }], ["permit", { preset: "host_only" }],
  ]);
});

test("a password is sent when it is new, and stays when the field is empty", () => {
  assert.deepEqual(rulesChanged(room, form({ entry_mode: "password", password: "lamp" }), anything), [["door", { entry_mode: "password", password: "lamp" }]]);
  const locked = { ...room, entry_mode: "password" };
  assert.deepEqual(rulesChanged(locked, form({ entry_mode: "password" }), anything), []);
  assert.deepEqual(rulesChanged(locked, form({ entry_mode: "password", password: "moon" }), anything), [["door", { entry_mode: "password", password: "moon" }]]);
});

test("whoever may not change roles leaves them as they are", () => {
  assert.deepEqual(rulesChanged(room, form({ preset: "host_only" }), (right) => right !== "roles"), []);
});
