/** What happens before a page's scripts are all there: the connection that is open already, and work in pieces. */
import assert from "node:assert/strict";
import test from "node:test";

import { earlySocket } from "../../web/static/js/helpers/early-socket.js";
import { Staged } from "../../web/static/js/helpers/staged.js";

const URL = "ws://x/ws/v1/AAAAAA/";
const opened = (url) => ({ url, fresh: true });

test("an early connection is taken once, and what it has heard is told in order to who takes it", async () => {
  const socket = { url: URL, readyState: 0, onmessage: null };
  const open = earlySocket({ early: { socket, heard: [{ data: "1" }, { data: "2" }] } }, opened);
  const taken = open(URL);
  assert.equal(taken, socket);
  const told = [];
  taken.onmessage = ({ data }) => told.push(data);
  await null;
  assert.deepEqual(told, ["1", "2"]);
  assert.deepEqual(open(URL), opened(URL));
});

test("one that is closed, or leads elsewhere, is not taken; nor is there always one", () => {
  for (const early of [undefined, null, { socket: { url: URL, readyState: 3 }, heard: [] }, { socket: { url: "ws://y/", readyState: 1 }, heard: [] }]) {
    assert.deepEqual(earlySocket({ early }, opened)(URL), opened(URL));
  }
});

test("work in pieces is done in order with turns for others between, or at once when it has to be", async () => {
  const done = [];
  const staged = new Staged();
  const running = staged.run(["a", "b", "c"].map((name) => () => done.push(name)));
  assert.deepEqual(done, []);
  while (done.length === 0) await new Promise((resolve) => setImmediate(resolve));
  staged.finish();
  assert.deepEqual(done, ["a", "b", "c"]);
  await running;
  assert.equal(done.length, 3);
});
