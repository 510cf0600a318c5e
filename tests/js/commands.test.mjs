import assert from "node:assert/strict";
import test from "node:test";

import { CommandError, Commands } from "../../web/static/js/client/commands.js";
import { FakeTimers } from "./support.mjs";

function given() {
  const sent = [];
  const timers = new FakeTimers();
  const commands = new Commands({ send: (message) => sent.push(message) > 0, now: timers.now, later: timers.set, prefix: "c" });
  return { sent, timers, commands };
}

test("an ack settles its command and no other", async () => {
  const { sent, commands } = given();
  const first = commands.run("play", { position: 5 });
  commands.run("say", { text: "hi" });
  assert.deepEqual(sent, [{ type: "play", id: "c-1", position: 5 }, { type: "say", id: "c-2", text: "hi" }]);
  commands.answer({ type: "ack", id: "c-1", rev: 7 });
  assert.equal((await first).rev, 7);
  assert.equal(commands.size, 1);
});

test("a commit of one's own says as much as an ack", async () => {
  const { commands } = given();
  const leaving = commands.run("leave");
  commands.done({ command: "c-1", epoch: 3, rev: 9 });
  assert.equal((await leaving).rev, 9);
  commands.answer({ type: "ack", id: "c-1", rev: 9 });
  assert.equal(commands.size, 0);
});

test("what a commit has shown and the server then lost is sent again", async () => {
  const { sent, timers, commands } = given();
  const said = commands.run("say", { text: "hi" });
  commands.done({ command: "c-1", epoch: 3, rev: 9 });
  assert.equal((await said).rev, 9);
  commands.answer({ type: "error", id: "c-1", code: "lost", message: "Send it again.", retriable: true });
  timers.pass(2_000);
  assert.deepEqual(sent.map((message) => message.id), ["c-1", "c-1"]);
  commands.answer({ type: "ack", id: "c-1", epoch: 4, rev: 12 });
  assert.equal(commands.size, 0);
});

test("a refusal is a CommandError with the server's words", async () => {
  const { commands } = given();
  const asked = commands.run("next");
  commands.answer({ type: "error", id: "c-1", code: "forbidden", message: "Only the host can skip.", fields: { a: "b" } });
  await assert.rejects(asked, (error) => {
    assert.ok(error instanceof CommandError);
    assert.deepEqual([error.code, error.message, error.fields], ["forbidden", "Only the host can skip.", { a: "b" }]);
    return true;
  });
});

test("a refusal is said in the reader's words where somebody has them", async () => {
  const commands = new Commands({ send: () => true, prefix: "c", explain: async (refusal) => ({ ...refusal, message: "Stumm" }) });
  const asked = commands.run("say", { text: "hi" });
  commands.answer({ type: "error", id: "c-1", code: "muted", message: "You are muted for now." });
  await assert.rejects(asked, (error) => error instanceof CommandError && error.code === "muted" && error.message === "Stumm");
});

test("what is unanswered goes out again, in order and under the same ids", () => {
  const { sent, commands } = given();
  commands.run("say", { text: "one" });
  commands.run("pause");
  commands.run("say", { text: "two" });
  commands.answer({ type: "ack", id: "c-2" });
  sent.length = 0;
  commands.resend();
  assert.deepEqual(sent.map((message) => message.id), ["c-1", "c-3"]);
});

test("after a long silence words still go out, a skip does not", async () => {
  const { sent, timers, commands } = given();
  const skip = commands.run("next");
  commands.run("say", { text: "still here" });
  timers.pass(20_000);
  sent.length = 0;
  commands.resend();
  assert.deepEqual(sent.map((message) => message.type), ["say"]);
  await assert.rejects(skip, { code: "offline" });
});

test("a retriable refusal is tried again with the same id, a few times", async () => {
  const { sent, timers, commands } = given();
  const asked = commands.run("say", { text: "hi" });
  const refusal = { type: "error", id: "c-1", code: "limited", message: "Slow down.", retriable: true };
  for (let n = 0; n < 4; n += 1) {
    commands.answer(refusal);
    timers.pass(10_000);
  }
  assert.deepEqual(sent.map((message) => message.id), ["c-1", "c-1", "c-1", "c-1", "c-1"]);
  commands.answer(refusal);
  await assert.rejects(asked, { code: "limited" });
});

test("when the room is over, everything pending fails", async () => {
  const { commands } = given();
  const asked = commands.run("play");
  commands.abandon("The room was closed.");
  await assert.rejects(asked, { code: "ended", message: "The room was closed." });
});

test("ids of two clients differ", () => {
  const ids = new Set();
  for (let n = 0; n < 20; n += 1) new Commands({ send: (message) => ids.add(message.id) }).run("play");
  assert.equal(ids.size, 20);
});
