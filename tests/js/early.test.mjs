/** What happens before a page's script is there: the connection that is open already, what was pressed and said, work in pieces. */
import assert from "node:assert/strict";
import test from "node:test";

import { Commands } from "../../web/static/js/client/commands.js";
import { earlyGuest, earlySocket, granted } from "../../web/static/js/helpers/early.js";
import { Staged } from "../../web/static/js/helpers/staged.js";

const URL = "ws://x/ws/v1/AAAAAA/";
const opened = (url) => ({ url, fresh: true });

test("an early connection is taken once, and what it has heard is told in order to who takes it", async () => {
  const socket = { url: URL, readyState: 0, onmessage: null };
  const open = earlySocket({ socket, heard: [{ data: "1" }, { data: "2" }], closed: null }, opened);
  const taken = open(URL);
  assert.equal(taken, socket);
  const told = [];
  taken.onmessage = ({ data }) => told.push(data);
  await null;
  assert.deepEqual(told, ["1", "2"]);
  assert.deepEqual(open(URL), opened(URL));
});

test("one that the server has refused says so, instead of being refused once more", async () => {
  const closed = { code: 4501, reason: "token_expired" };
  const socket = { url: URL, readyState: 3, onmessage: null, onclose: null };
  const taken = earlySocket({ socket, heard: [{ data: "error" }], closed }, opened)(URL);
  assert.equal(taken, socket);
  const told = [];
  taken.onmessage = ({ data }) => told.push(data);
  taken.onclose = ({ code }) => told.push(code);
  await null;
  assert.deepEqual(told, ["error", 4501]);
});

test("one that was lost, or leads elsewhere, is not taken; nor is there always one", () => {
  const lost = { socket: { url: URL, readyState: 3 }, heard: [], closed: { code: 1006 } };
  const foreign = { socket: { url: "ws://y/", readyState: 1 }, heard: [], closed: null };
  for (const early of [undefined, { socket: null }, lost, foreign]) assert.deepEqual(earlySocket(early, opened)(URL), opened(URL));
});

test("a guest is asked for once; another name is another guest", () => {
  const answer = Promise.resolve("answer");
  assert.equal(earlyGuest({ guest: { name: "Alice", answer } }, "Alicia"), undefined);
  const early = { guest: { name: "Alice", answer } };
  assert.equal(earlyGuest(early, "Alice"), answer);
  assert.equal(earlyGuest(early, "Alice"), undefined);
  assert.equal(earlyGuest(undefined, "Alice"), undefined);
});

test("wishes are granted in their order, told ones under their ids, and a play that nobody heard for long is not", () => {
  const done = [];
  const wishes = [
    { fields: { type: "play" }, at: 0, id: "early-1" },
    { fields: { type: "say", text: "hi" }, at: 1 },
    { fields: { type: "pause" }, at: 9_000 },
  ];
  const does = { say: (...given) => done.push(["say", ...given]), press: (...given) => done.push(["press", ...given]) };
  granted({ end: () => wishes, opened: [] }, does, 20_000);
  assert.deepEqual(done, [["say", "hi", undefined], ["press", "pause", undefined]]);
  granted({ end: () => wishes, opened: [] }, does, 10_000);
  assert.deepEqual(done[2], ["press", "play", "early-1"]);
  granted(undefined, does);
  assert.equal(done.length, 5);
});

test("what was sent already is sent again under the same id, which the server knows", async () => {
  const sent = [];
  const commands = new Commands({ send: (message) => sent.push(message) > 0 });
  const done = commands.run("pause", {}, "early-1");
  assert.deepEqual(sent, [{ type: "pause", id: "early-1" }]);
  commands.answer({ type: "ack", id: "early-1" });
  assert.equal((await done).id, "early-1");
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
