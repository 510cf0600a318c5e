import assert from "node:assert/strict";
import test from "node:test";

import { Commands } from "../../web/static/js/client/commands.js";
import { Outbox, waitingRooms } from "../../web/static/js/client/outbox.js";
import { FakeStorage, FakeTimers } from "./support.mjs";

const MINUTE = 60_000;

/** A browser's storage and clocks; each `page` is one that was loaded, with what it sends and is told in vain. */
function given() {
  const storage = new FakeStorage();
  const timers = new FakeTimers();
  const outboxOf = (user = "ada") => new Outbox({ storage, room: "Q7K2MX", user, now: timers.now });
  let pages = 0;
  function page({ user, online = false } = {}) {
    pages += 1;
    const made = { sent: [], refused: [], changes: 0, online };
    made.commands = new Commands({ send: (message) => made.online && made.sent.push(message) > 0, now: timers.now, wall: timers.now, later: timers.set, prefix: `page${pages}` });
    made.commands.listen(() => (made.changes += 1));
    made.commands.keepIn(outboxOf(user), (message, fault) => made.refused.push([message.text, fault.code]));
    return made;
  }
  return { storage, timers, outboxOf, page };
}

/** A server that carries out each id once, as the real one does for 10 minutes. */
function carriedOut(...pages) {
  const ids = new Map();
  for (const { sent } of pages) for (const message of sent) ids.set(message.id, message.text ?? message.type);
  return [...ids.values()];
}

test("what was said while offline goes out once when the room is back, in order", async () => {
  const { page, storage } = given();
  const one = page();
  const said = one.commands.run("say", { text: "one" });
  one.commands.run("add", { tracks: [] });
  one.commands.run("ask", { action: "add" });
  assert.deepEqual(one.sent, []);
  assert.deepEqual(waitingRooms(storage), [{ room: "Q7K2MX", count: 3 }]);
  one.online = true;
  one.commands.resend();
  assert.deepEqual(one.sent.map(({ type }) => type), ["say", "add", "ask"]);
  for (const { id } of one.sent) one.commands.answer({ type: "ack", id, rev: 3 });
  assert.equal((await said).rev, 3);
  assert.deepEqual([one.commands.waiting, waitingRooms(storage), carriedOut(one).length], [[], [], 3]);
});

test("a reload sends it under the same id, before what the new page says", () => {
  const { page } = given();
  const before = page({ online: true });
  before.commands.run("say", { text: "sent, and never answered" });
  const after = page();
  after.commands.run("say", { text: "later" });
  assert.deepEqual(after.commands.waiting.map(({ restored, message }) => [restored, message.text]), [[true, "sent, and never answered"], [false, "later"]]);
  after.online = true;
  after.commands.resend();
  after.commands.done({ command: after.sent[0].id, epoch: 1, rev: 4 });
  assert.deepEqual(after.commands.waiting.map(({ message }) => message.text), ["later"]);
  assert.deepEqual(carriedOut(before, after), ["sent, and never answered", "later"]);
  for (const { id } of after.sent) after.commands.answer({ type: "ack", id });
  assert.deepEqual(page().commands.waiting, []);
});

test("words from before the outbox was known are kept and come last", () => {
  const { page, outboxOf } = given();
  page().commands.run("say", { text: "old" });
  const commands = new Commands({ send: () => false });
  commands.run("say", { text: "new" });
  commands.keepIn(outboxOf(), () => {});
  assert.deepEqual(commands.waiting.map(({ message }) => message.text), ["old", "new"]);
  assert.equal(outboxOf().all.length, 2);
});

test("what the server would not know again asks first: it is sent, or given up, but never by itself", async () => {
  const { page, timers } = given();
  page().commands.run("say", { text: "from before" });
  const now = page();
  const mine = now.commands.run("say", { text: "mine" });
  const third = now.commands.run("add", { tracks: [] });
  timers.pass(11 * MINUTE);
  now.online = true;
  now.commands.resend();
  assert.deepEqual(now.sent, []);
  assert.deepEqual(now.commands.waiting.map(({ asks }) => asks), [true, true, true]);
  const [first, second, last] = now.commands.waiting;
  now.commands.approve(first.id);
  now.commands.approve(first.id);
  now.commands.discard(second.id);
  await assert.rejects(mine, { code: "discarded" });
  assert.deepEqual(now.sent.map(({ text }) => text), ["from before"]);
  // Its commit is in what was missed: it had been heard after all.
  now.commands.done({ command: last.id, epoch: 1, rev: 9 });
  assert.equal((await third).rev, 9);
  // Said yes to a moment ago, it goes out again after the next break by itself.
  now.commands.resend();
  assert.deepEqual(now.sent.map(({ text }) => text), ["from before", "from before"]);
  assert.deepEqual(page().commands.waiting.map(({ message }) => message.text), ["from before"]);
});

test("what another tab has sent or given up does not go out here", () => {
  const { page, outboxOf } = given();
  page().commands.run("say", { text: "hi" });
  const [one, other] = [page({ online: true }), page({ online: true })];
  one.commands.resend();
  one.commands.answer({ type: "ack", id: one.sent[0].id });
  other.commands.resend();
  assert.deepEqual([one.sent.length, other.sent, outboxOf().all], [1, [], []]);
});

test("a refusal of what an earlier page asked for is told, and it is gone", () => {
  const { page, outboxOf } = given();
  page().commands.run("say", { text: "hi" });
  const after = page({ online: true });
  after.commands.resend();
  after.commands.answer({ type: "error", id: after.sent[0].id, code: "muted", message: "You are muted." });
  assert.deepEqual([after.refused, outboxOf().all], [[["hi", "muted"]], []]);
});

test("a person's words are theirs alone, and a play is nothing to keep", () => {
  const { page } = given();
  const ada = page();
  ada.commands.run("say", { text: "mine" });
  ada.commands.run("play").catch(() => {});
  assert.deepEqual(page({ user: "bob" }).commands.waiting, []);
  assert.deepEqual(page().commands.waiting.map(({ type }) => type), ["say"]);
});

test("who left has nothing waiting any more; who has to sign in again still has", async () => {
  const { page, outboxOf } = given();
  const first = page();
  const said = first.commands.run("say", { text: "hi" });
  first.commands.abandon("Sign in again.", { forget: false });
  await assert.rejects(said, { code: "ended" });
  assert.equal(outboxOf().all.length, 1);
  page().commands.abandon("You left.");
  assert.deepEqual(outboxOf().all, []);
});

test("there is an end to what is kept: in number, in length, in days; and whatever else stands there is nothing", async () => {
  const { page, timers, storage, outboxOf } = given();
  const { commands } = page();
  for (let n = 0; n < 50; n += 1) commands.run("say", { text: `${n}` });
  await assert.rejects(commands.run("say", { text: "too much" }), { code: "too_much_waits" });
  assert.equal(page().commands.waiting.length, 50);
  timers.pass(8 * 24 * 60 * MINUTE);
  assert.deepEqual(outboxOf().all, []);
  commands.run("add", { tracks: ["x".repeat(200_000)] });
  assert.deepEqual([commands.waiting.at(-1).type, outboxOf().all], ["add", []]);
  for (const odd of ["{", "7", '[{"message":{}},null]']) {
    storage.setItem("roomd.kept.Q7K2MX.ada", odd);
    assert.deepEqual([outboxOf().all, waitingRooms(storage)], [[], []]);
  }
});

test("without a storage it is sent all the same", () => {
  const sent = [];
  const storage = new FakeStorage();
  storage.setItem = () => {
    throw new Error("full");
  };
  const commands = new Commands({ send: (message) => sent.push(message) > 0 });
  commands.keepIn(new Outbox({ storage, room: "Q7K2MX", user: "ada" }), () => {});
  commands.run("say", { text: "hi" });
  assert.equal(sent.length, 1);
});
