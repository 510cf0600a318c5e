import assert from "node:assert/strict";
import test from "node:test";

import { Connection, comesBack, waitBefore } from "../../web/static/js/client/connection.js";
import { FakeTimers, settle } from "./support.mjs";

class FakeSocket {
  readyState = 0;
  sent = [];

  open() {
    this.readyState = 1;
    this.onopen();
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  tell(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  close() {
    this.readyState = 3;
  }

  closedBy(code, reason = "") {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
}

function given({ renewToken = async () => true, url = "ws://room.example/ws/v1/Q7K2MX/" } = {}) {
  const timers = new FakeTimers();
  const sockets = [];
  const statuses = [];
  const received = [];
  const connection = new Connection({
    url,
    hello: () => ({ type: "hello", token: "t" }),
    receive: (message) => received.push(message),
    status: (status) => statuses.push(status),
    renewToken,
    socket: () => sockets[sockets.push(new FakeSocket()) - 1],
    timers,
    random: () => 0.5,
  });
  if (url) connection.open();
  const welcome = () => {
    sockets.at(-1).open();
    sockets.at(-1).tell({ type: "welcome", heartbeat_ms: 1_000 });
  };
  return { timers, sockets, statuses, received, connection, welcome, phase: () => statuses.at(-1).phase };
}

test("says hello first, and is live once welcome", () => {
  const { sockets, welcome, phase, received } = given();
  assert.equal(phase(), "connecting");
  welcome();
  assert.deepEqual(sockets[0].sent, [{ type: "hello", token: "t" }]);
  assert.equal(phase(), "live");
  assert.equal(received[0].type, "welcome");
});

test("at the door it is neither live nor given up", () => {
  const { timers, sockets, phase } = given();
  sockets[0].open();
  sockets[0].tell({ type: "waiting", room: { code: "Q7K2MX" } });
  assert.equal(phase(), "door");
  timers.pass(19_000);
  sockets[0].tell({ type: "pong" });
  timers.pass(15_000);
  assert.deepEqual([phase(), sockets.length], ["door", 1]);
  sockets[0].tell({ type: "welcome", heartbeat_ms: 10_000 });
  assert.equal(phase(), "live");
});

test("comes back after 1006 with growing waits, and says when", () => {
  const { sockets, timers, statuses, welcome } = given();
  welcome();
  sockets[0].closedBy(1006);
  assert.deepEqual([statuses.at(-1).phase, statuses.at(-1).retryAt], ["waiting", 500]);
  timers.pass(500);
  assert.equal(sockets.length, 2);
  sockets[1].closedBy(1006);
  assert.equal(statuses.at(-1).retryAt, 500 + 1_000);
});

test("a welcome makes the next wait short again", () => {
  const { sockets, timers, statuses, welcome } = given();
  for (let n = 0; n < 3; n += 1) {
    sockets.at(-1).closedBy(1006);
    timers.pass(9_000);
  }
  welcome();
  sockets.at(-1).closedBy(1006);
  assert.equal(statuses.at(-1).retryAt, timers.now() + 500);
});

test("a restarting server says how long to wait", () => {
  const { sockets, statuses, welcome } = given();
  welcome();
  sockets[0].closedBy(1012, "3000");
  assert.equal(statuses.at(-1).retryAt, 3_000);
});

for (const code of [1000, 4500, 4503, 4504]) {
  test(`stays away after ${code}`, () => {
    const { sockets, timers, statuses, welcome } = given();
    welcome();
    sockets[0].closedBy(code);
    timers.pass(60_000);
    assert.equal(sockets.length, 1);
    assert.deepEqual([statuses.at(-1).phase, statuses.at(-1).code], ["ended", code]);
  });
}

test("a refused token is renewed once, then used at once", async () => {
  let renewed = 0;
  const { sockets, statuses } = given({ renewToken: async () => (renewed += 1) > 0 });
  sockets[0].closedBy(4501);
  await settle();
  assert.equal(sockets.length, 2);
  sockets[1].closedBy(4501);
  await settle();
  assert.equal(renewed, 1);
  assert.deepEqual([statuses.at(-1).phase, statuses.at(-1).code], ["ended", 4501]);
});

test("without a fresh token there is no way back", async () => {
  const { sockets, phase } = given({ renewToken: async () => false });
  sockets[0].closedBy(4501);
  await settle();
  assert.equal(phase(), "ended");
});

test("two heartbeats of silence are a dead link", () => {
  const { sockets, timers, phase, welcome } = given();
  welcome();
  timers.pass(900);
  sockets[0].tell({ type: "pong" });
  timers.pass(1_900);
  assert.equal(phase(), "live");
  timers.pass(1_200);
  assert.notEqual(phase(), "live");
  sockets[0].tell({ type: "late" });
});

test("a socket that never gets a welcome is given up", () => {
  const { timers, phase, sockets } = given();
  sockets[0].open();
  timers.pass(12_000);
  assert.equal(phase(), "waiting");
});

test("nothing is sent into a socket that is not open", () => {
  const { connection, welcome } = given();
  assert.equal(connection.send({ type: "ping" }), false);
  welcome();
  assert.equal(connection.send({ type: "ping" }), true);
});

test("retryNow does not wait, and does nothing while connected or over", () => {
  const { connection, sockets, welcome } = given();
  connection.retryNow();
  assert.equal(sockets.length, 1);
  sockets[0].closedBy(1006);
  connection.retryNow();
  assert.equal(sockets.length, 2);
  welcome();
  connection.close();
  connection.retryNow();
  assert.equal(sockets.length, 2);
});

test("retryNow opens nothing before it is known where to", () => {
  const { connection, sockets } = given({ url: "" });
  connection.retryNow();
  assert.equal(sockets.length, 0);
});

test("close codes and waits are those of the contract", () => {
  assert.deepEqual([1001, 1006, 1009, 1012, 4000, 4001, 4008].map(comesBack), Array(7).fill(true));
  assert.deepEqual([1000, 4500, 4501, 4503, 4504].map(comesBack), Array(5).fill(false));
  assert.deepEqual([0, 1, 2, 3, 4, 5, 9].map((n) => waitBefore(n, 0.5)), [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  assert.deepEqual([waitBefore(0, 0), waitBefore(0, 1)], [250, 750]);
});
