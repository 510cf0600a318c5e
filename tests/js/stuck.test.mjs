import assert from "node:assert/strict";
import test from "node:test";

import { Stuck } from "../../web/static/js/models/stuck.js";

/** When it was to be loaded anew, in seconds, over looks ten times a second. */
function reloads(seconds, at) {
  const stuck = new Stuck();
  const found = [];
  for (let now = 0; now <= seconds * 1_000; now += 100) {
    if (stuck.look({ now, entry: "a", silent: false, heard: false, ...at(now / 1_000) })) found.push(now / 1_000);
  }
  return found;
}

test("what stays silent is loaded anew, ever more seldom", () => {
  assert.deepEqual(reloads(600, () => ({ silent: true })), [10, 30.1, 70.2, 150.3, 310.4]);
});

test("what takes its time, and comes, is left alone", () => {
  assert.deepEqual(reloads(60, (second) => ({ silent: second % 12 < 9, heard: second % 12 >= 9 })), []);
});

test("the patience is that of the beginning once it was heard, or with another track", () => {
  assert.deepEqual(reloads(60, (second) => ({ silent: second !== 20, heard: second === 20 })), [10, 30.1, 50.2]);
  assert.deepEqual(reloads(32, (second) => ({ silent: true, entry: second < 20 ? "a" : "b" })), [10, 30]);
});

test("loading is no standstill, and begins the count anew", () => {
  assert.deepEqual(reloads(100, () => ({})), []);
  assert.deepEqual(reloads(30, (second) => ({ silent: second < 9 || second > 12 })), [22.1]);
});
