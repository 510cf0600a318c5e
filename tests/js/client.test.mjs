import assert from "node:assert/strict";
import test from "node:test";

import { RoomClient } from "../../web/static/js/client/client.js";
import { RoomClock } from "../../web/static/js/client/clock.js";

/** A server in miniature: what the client sends is kept, what the test says arrives. */
class Line {
  readyState = 1;
  sent = [];

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  tell(...messages) {
    for (const message of messages) this.onmessage?.({ data: JSON.stringify(message) });
  }

  close() {
    this.readyState = 3;
  }
}

const EMPTY = {
  id: "r1", name: "Friday", members: [{ id: "u1", role: "host", online: true }], queue: [], chat: [],
  playback: { entry: null, position: 0, rate: 1, playing: false, as_of: 0 }, rights: { host: ["play"] }, host: "u1",
};
const welcome = (more = {}) => ({
  type: "welcome", epoch: 1, rev: 5, resumed: false, you: { id: "u1" }, now: 1_000, heartbeat_ms: 1e6, ...more,
});
const said = (rev, text) => ({ type: "commit", epoch: 1, rev, events: [{ type: "said", message: { id: text, text } }] });

function given(t) {
  const lines = [];
  const client = new RoomClient({
    url: "ws://room.example/ws/v1/Q7K2MX/",
    token: () => "secret",
    renewToken: async () => false,
    clock: new RoomClock({ now: () => 0, wall: () => 0 }),
    socket: () => lines[lines.push(new Line()) - 1],
  });
  client.open();
  lines[0].onopen();
  t.after(() => client.close());
  return { client, lines };
}

const hellos = (line) => line.sent.filter((message) => message.type === "hello");

test("takes the state, then each commit, and knows its place", (t) => {
  const { client, lines } = given(t);
  const kinds = [];
  client.listen((change) => kinds.push(change.kind));
  lines[0].tell(welcome(), { type: "state", epoch: 1, rev: 5, room: EMPTY }, said(6, "hi"));
  assert.deepEqual(client.place, { epoch: 1, rev: 6 });
  assert.deepEqual(client.state.chat.map((line) => line.text), ["hi"]);
  assert.deepEqual(kinds, ["status", "state", "commit"]);
  assert.equal(client.may("play"), true);
});

test("a reconnect resumes from its place, takes nothing twice, and sends again what was unanswered", (t) => {
  const { client, lines } = given(t);
  lines[0].tell(welcome(), { type: "state", epoch: 1, rev: 5, room: EMPTY }, said(6, "one"));
  client.run("play").catch(() => {});
  client.connection.restart();
  lines[1].onopen();
  assert.deepEqual(hellos(lines[1]), [{ type: "hello", token: "secret", resume: { epoch: 1, rev: 6 } }]);
  lines[1].tell(welcome({ rev: 7, resumed: true }), said(6, "one"), said(7, "two"));
  assert.deepEqual(client.state.chat.map((line) => line.text), ["one", "two"]);
  const played = [...lines[0].sent, ...lines[1].sent].filter((message) => message.type === "play");
  assert.equal(played.length, 2);
  assert.equal(played[0].id, played[1].id);
});

test("a state in mid-life takes the place of all that was known, and commits go on from it", (t) => {
  const { client, lines } = given(t);
  const changes = [];
  lines[0].tell(welcome(), { type: "state", epoch: 1, rev: 5, room: EMPTY }, said(6, "one"), said(7, "lost"));
  client.listen(({ kind, before }) => changes.push([kind, before?.chat.length]));
  const known = { ...EMPTY, chat: [{ id: "one", text: "one" }] };
  lines[0].tell({ type: "state", epoch: 2, rev: 7, room: known }, { ...said(8, "two"), epoch: 2 });
  assert.deepEqual(client.state.chat.map((line) => line.text), ["one", "two"]);
  assert.deepEqual(client.place, { epoch: 2, rev: 8 });
  assert.deepEqual(changes, [["state", 2], ["commit", 1]]);
  client.connection.restart();
  lines[1].onopen();
  assert.deepEqual(hellos(lines[1]), [{ type: "hello", token: "secret", resume: { epoch: 2, rev: 8 } }]);
});

test("a hole in the history: says hello again without a place", (t) => {
  const { lines } = given(t);
  lines[0].tell(welcome(), { type: "state", epoch: 1, rev: 5, room: EMPTY }, said(8, "from nowhere"));
  assert.equal(lines.length, 2);
  lines[1].onopen();
  assert.deepEqual(hellos(lines[1]), [{ type: "hello", token: "secret" }]);
});

test("a command given before the welcome waits for it", (t) => {
  const { client, lines } = given(t);
  client.run("play").catch(() => {});
  assert.equal(lines[0].sent.some((message) => message.type === "play"), false);
  lines[0].tell(welcome());
  assert.equal(lines[0].sent.some((message) => message.type === "play"), true);
});

test("pings follow the welcome and feed the clock", (t) => {
  const { client, lines } = given(t);
  lines[0].tell(welcome());
  const ping = lines[0].sent.find((message) => message.type === "ping");
  lines[0].tell({ type: "pong", id: ping.id, c0: ping.c0, s1: 777, s2: 777, clock: "a" });
  assert.equal(client.clock.now(), 777);
});

test("a report goes out while the room hears it, and is not kept; a pulse is heard of, and is no part of the room", (t) => {
  const { client, lines } = given(t);
  const kinds = [];
  assert.equal(client.report({ type: "sync", state: "playing" }), false);
  lines[0].tell(welcome(), { type: "state", epoch: 1, rev: 5, room: EMPTY });
  const before = client.state;
  client.listen((change) => kinds.push(change.kind));
  assert.equal(client.report({ type: "sync", state: "still" }), true);
  assert.deepEqual(lines[0].sent.filter((message) => message.type === "sync"), [{ type: "sync", state: "still" }]);
  const pulse = { type: "pulse", at: 1, listeners: 1, p50: 1, p95: 2, members: { u1: { state: "playing", at: 1 } } };
  lines[0].tell(pulse);
  assert.deepEqual(kinds, ["pulse"]);
  assert.deepEqual(client.pulse, pulse);
  assert.equal(client.state, before);
});

test("a token is renewed before it runs out, told, and not asked for any more once there is no connection", async (t) => {
  const { timers, lines, renewals } = renewing(t, [true, false]);
  lines[0].tell(welcome({ token_ms: 900_000 }), { type: "state", epoch: 1, rev: 5, room: EMPTY });
  assert.deepEqual(timers.waits(), [840_000]);
  await timers.run(840_000);
  // Pings go out by the real clock.
  assert.deepEqual(lines[0].sent.filter(({ type }) => type !== "ping").at(-1), { type: "token", token: "fresh 1" });
  // Of a short life, half is over then.
  lines[0].tell({ type: "token", token_ms: 3_000 });
  assert.deepEqual(timers.waits(), [1_500]);
  await timers.run(1_500);
  assert.equal(renewals(), 2);
  assert.equal(lines[0].sent.filter((message) => message.type === "token").length, 1);
  lines[0].tell({ type: "token", token_ms: 3_000 });
  lines[0].onclose({ code: 1006, reason: "" });
  assert.equal(timers.waits().includes(1_500), false);
});

function renewing(t, answers) {
  const lines = [];
  const due = new Map();
  const timers = {
    set: (run, ms) => { const id = Symbol(ms); due.set(id, { run, ms }); return id; },
    clear: (id) => due.delete(id),
    now: () => 0,
    // Neither the connection's own timers, nor what comes of them.
    waits: () => [...due.values()].map(({ ms }) => ms).filter((ms) => ms !== 12_000 && ms !== 1e6),
    run: async (wanted) => {
      const [id, { run }] = [...due].find(([, { ms }]) => ms === wanted);
      due.delete(id);
      run();
      await new Promise((done) => setImmediate(done));
    },
  };
  let count = 0;
  const client = new RoomClient({
    url: "ws://room.example/ws/v1/Q7K2MX/",
    token: () => (count ? `fresh ${count}` : "secret"),
    renewToken: async () => answers[count++],
    clock: new RoomClock({ now: () => 0, wall: () => 0 }),
    socket: () => lines[lines.push(new Line()) - 1],
    timers,
  });
  client.open();
  lines[0].onopen();
  t.after(() => client.close());
  return { client, lines, timers, renewals: () => count };
}
