import assert from "node:assert/strict";
import test from "node:test";

import { Pinger } from "../../web/static/js/client/pinger.js";
import { FakeTimers } from "./support.mjs";

function given() {
  const timers = new FakeTimers();
  const clock = { local: timers.now, restarts: 0, doubt: Infinity, added: [], add: (ping) => clock.added.push(ping) };
  const sent = [];
  const room = { members: 1 };
  const pinger = new Pinger({ send: (message) => sent.push(message), clock, crowd: () => room.members, set: timers.set, clear: timers.clear });
  /** Pings within the next so many milliseconds. */
  const within = (ms) => {
    const before = sent.length;
    timers.pass(ms);
    return sent.length - before;
  };
  return { timers, clock, pinger, room, sent, within };
}

test("pings quickly at first, and then once a second as soon as the clock is good", () => {
  const { clock, pinger, within } = given();
  pinger.start();
  clock.doubt = 0.01;
  const first = within(1_000);
  assert.ok(first >= 10 && first <= 20, `${first} in the first second`);
  within(1_000);
  assert.equal(within(10_000), 10);
  clock.doubt = 0.06;
  within(1_000);
  assert.ok(within(1_000) > 6, "a clock that became doubtful is pinged for");
});

test("pings quickly while the clock is not good, never as often as the server would mind, and not for ever", () => {
  const { pinger, within } = given();
  pinger.start();
  within(1_000);
  for (let second = 1; second < 30; second += 1) assert.ok([8, 9].includes(within(1_000)));
  within(60_000);
  assert.equal(within(10_000), 20);
});

test("in a large room everybody pings less often", () => {
  const { pinger, room, within } = given();
  room.members = 1_000;
  pinger.start();
  within(2_000);
  assert.equal(within(10_000), 20);
  room.members = 50_000;
  within(4_000);
  assert.ok(within(20_000) === 5);
});

test("after a connection it is quick again, and the clock is told of every answer", () => {
  const { pinger, clock, timers, within } = given();
  pinger.start();
  within(120_000);
  pinger.stop();
  assert.equal(within(60_000), 0);
  pinger.start();
  assert.ok(within(1_000) >= 10);
  pinger.pong({ c0: 1, s1: 2, s2: 3, clock: "a" });
  assert.deepEqual(clock.added, [{ c0: 1, s1: 2, s2: 3, c3: timers.now(), clock: "a" }]);
});

test("after a standstill it is quick again", () => {
  const { pinger, timers, within } = given();
  let held = null;
  const set = timers.set;
  pinger.set = (run, ms) => (held === null ? set(run, ms) : set(run, held));
  pinger.start();
  within(120_000);
  held = 60_000;
  within(1_500);
  held = null;
  // The ping that was held back for a minute, and those that follow it.
  assert.ok(within(60_500) >= 10);
});

test("when the clock starts afresh it is quick again", () => {
  const { pinger, clock, within } = given();
  pinger.start();
  within(120_000);
  clock.restarts += 1;
  assert.ok(within(2_000) >= 10);
  within(120_000);
  assert.equal(within(10_000), 20);
});
