import assert from "node:assert/strict";
import test from "node:test";

import * as format from "../../web/static/js/models/format.js";
import { choices, ordered } from "../../web/static/js/models/people.js";
import { Preferences } from "../../web/static/js/models/preferences.js";
import * as queue from "../../web/static/js/models/queue.js";
import { Session } from "../../web/static/js/models/session.js";

class Storage extends Map {
  getItem = (key) => this.get(key) ?? null;
  setItem = (key, value) => this.set(key, value);
  removeItem = (key) => this.delete(key);
}

test("a code is found in what people type and paste", () => {
  for (const text of ["q7k2mx", " Q7K 2MX ", "q7k-2mx", "https://music.example/r/Q7K2MX", "http://box:8000/r/q7k2mx/?from=mail"]) {
    assert.equal(format.roomCode(text), "Q7K2MX", text);
  }
  for (const text of ["", "Q7K2M", "Q7K2MXX", "Q7K2M0", "hello there", "https://music.example/"]) {
    assert.equal(format.roomCode(text), null, text);
  }
});

test("times are written for eyes and for ears", () => {
  assert.deepEqual([0, 83_000, 3_723_000, -5].map(format.clockTime), ["0:00", "1:23", "1:02:03", "0:00"]);
  assert.deepEqual([0, 1_000, 83_000].map(format.spokenTime), ["0 seconds", "1 second", "1 minute 23 seconds"]);
});

test("links, initials and hues", () => {
  assert.equal(format.mediaLink(" https://music.example/a.mp3 "), "https://music.example/a.mp3");
  assert.deepEqual(["blue in green", "javascript:alert(1)", "ftp://x"].map(format.mediaLink), [null, null, null]);
  assert.equal(format.trackOfLink("https://film.example/a.mp4?x=1").kind, "video");
  assert.equal(format.trackOfLink("https://music.example/a.mp3").kind, undefined);
  assert.deepEqual(["alice", "Bob van Dale", "  ", "Ánna"].map(format.initials), ["A", "BD", "?", "Á"]);
  assert.deepEqual(["", "ocean", "#ff0000", "#00ff00", "#0000ff", "#ffb638", "#777777"].map(format.hueOfTheme), [null, 205, 0, 120, 240, 38, 0]);
  assert.deepEqual(format.linked("see https://example.org/a?b=1, (and http://example.org). javascript:alert(1)"), [
    { text: "see " }, { text: "https://example.org/a?b=1", href: "https://example.org/a?b=1" }, { text: ", (and " },
    { text: "http://example.org", href: "http://example.org/" }, { text: "). javascript:alert(1)" },
  ]);
  assert.deepEqual(format.linked("http://[oops and <b>https://</b>"), [{ text: "http://[oops and <b>https://</b>" }]);
  const hues = ["Alice", "Bob", "Carol", "Dave", "Erin", "Frank"].map(format.hueOf);
  assert.ok(new Set(hues.map((hue) => Math.floor(hue / 30))).size >= 4);
});

const room = (current) => ({
  members: [{ id: "u1", role: "host" }, { id: "u2", role: "member" }],
  rights: { host: ["remove", "skip", "add"], member: ["add"] },
  playback: { entry: current },
  queue: ["a", "b", "c", "d"].map((id) => ({ id, by: id === "d" ? "u2" : "u1", track: { url: `${id}.mp3` } })),
});

test("the queue falls into played, current and coming", () => {
  const { played, current, coming } = queue.sections(room("b"));
  assert.deepEqual([played.map((e) => e.id), current.id, coming.map((e) => e.id)], [["a"], "b", ["c", "d"]]);
  assert.equal(queue.sections(room(null)).coming.length, 4);
  assert.equal(queue.lineOf(room(null)), null);
});

test("a lock screen draws seconds, never beyond the track, and nothing where there is no end", () => {
  const song = { duration_ms: 180_000 };
  assert.deepEqual(queue.mediaPosition(song, 1, 61_500), { duration: 180, position: 61.5, playbackRate: 1 });
  assert.deepEqual([-5, 200_000].map((position) => queue.mediaPosition(song, 1, position).position), [0, 180]);
  assert.deepEqual([[{}, 5], [undefined, 5], [song, null]].map(([track, at]) => queue.mediaPosition(track, 1, at)), [undefined, undefined, undefined]);
});

test("moving by one place, and not beyond the ends", () => {
  const state = room("a");
  assert.deepEqual(queue.moveBy(state, "b", 1), { entry: "b", before: "d" });
  assert.deepEqual(queue.moveBy(state, "c", 1), { entry: "c" });
  assert.deepEqual(queue.moveBy(state, "d", -1), { entry: "d", before: "c" });
  assert.equal(queue.moveBy(state, "b", -1), null);
  assert.equal(queue.moveBy(state, "d", 1), null);
  assert.equal(queue.moveBy(state, "a", 1), null);
});

test("one may take back one's own, and measure it", () => {
  const state = room("a");
  assert.deepEqual(state.queue.map((entry) => queue.mayRemove(state, "u2", entry)), [false, false, false, true]);
  assert.equal(queue.mayMeasure(state, "u2", state.queue[3]), true);
  assert.equal(queue.mayMeasure(state, "u2", state.queue[0]), false);
  assert.equal(queue.mayMeasure(state, "u1", { ...state.queue[0], track: { duration_ms: 5 } }), false);
});

test("people: who is here first, then by role, oneself before others of one's kind", () => {
  const person = (id, role, online = true) => ({ id, name: id, role, online });
  const people = [person("Zoe", "member"), person("Ann", "host", false), person("Bob", "member"), person("Cy", "cohost")];
  assert.deepEqual(ordered(people, "Zoe").map((each) => each.id), ["Cy", "Zoe", "Bob", "Ann"]);
});

test("preferences survive nonsense in the storage", () => {
  const storage = new Storage([["roomd.preferences", "{not json"]]);
  const preferences = new Preferences(storage);
  assert.equal(preferences.all.muted, false);
  preferences.set({ muted: true });
  assert.equal(new Preferences(storage).all.muted, true);
});

const signed = (access, refresh) => JSON.stringify({ access, refresh, user: { id: "u1", name: "Alice" } });

test("a guest's session is kept, renewed once for all who ask, and ended by a refusal only", async () => {
  const asked = [];
  const answers = [{ access: "a2", refresh: "r2" }];
  const request = async (method, path, { body }) => {
    asked.push([path, body.refresh]);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const storage = new Storage([["roomd.session", signed("a1", "r1")]]);
  const session = new Session({ storage, request });
  assert.deepEqual(await Promise.all([session.renew(), session.renew()]), [true, true]);
  assert.deepEqual(asked, [["/api/accounts/token/refresh/", "r1"]]);
  assert.equal(session.token(), "a2");

  answers.push(Object.assign(new Error("no network"), { status: 0 }));
  await assert.rejects(session.renew());
  assert.equal(session.user.name, "Alice");

  answers.push(Object.assign(new Error("revoked"), { status: 401 }));
  assert.equal(await session.renew(), false);
  assert.equal(session.user, null);
});

test("a token that another tab has renewed is used, not renewed again: a spent one would end the session", async () => {
  const storage = new Storage([["roomd.session", signed("a1", "r1")]]);
  const exclusively = async (run) => {
    storage.set("roomd.session", signed("a2", "r2"));
    return run();
  };
  const session = new Session({ storage, request: () => assert.fail("asked the server"), exclusively });
  assert.equal(await session.renew(), true);
  assert.equal(session.token(), "a2");
});

test("a session takes over what the server says of it, and keeps the rest", () => {
  const storage = new Storage([["roomd.session", signed("a1", "r1")]]);
  const session = new Session({ storage, request: () => assert.fail("asked the server") });
  session.adopt({ access: "a2", user: { id: "u1", name: "Ada", is_guest: false } });
  assert.deepEqual([session.token(), session.signed.refresh, session.user.name], ["a2", "r1", "Ada"]);
  session.forget();
  assert.equal(session.user, null);
});

test("people: whoever keeps order may do so with members, the host with co-hosts too, nobody with the host or themselves", () => {
  const rights = { host: ["roles", "moderate"], cohost: ["moderate"], member: [] };
  const asked = (you, role, member, more = {}) =>
    choices({ you, host: "ann", now: 1_000, may: (right) => rights[role].includes(right), member: { id: member, muted_until: 0, ...more } });
  assert.deepEqual(asked("ann", "host", "bob", { role: "member" }), ["role", "hand_over", "mute", "kick", "ban"]);
  assert.deepEqual(asked("ann", "host", "cy", { role: "cohost", muted_until: 2_000 }), ["role", "hand_over", "unmute", "kick", "ban"]);
  assert.deepEqual(asked("cy", "cohost", "bob", { role: "member", muted_until: 500 }), ["mute", "kick", "ban"]);
  assert.deepEqual(asked("cy", "cohost", "dee", { role: "cohost" }), []);
  assert.deepEqual(asked("cy", "cohost", "ann", { role: "host" }), []);
  assert.deepEqual(asked("ann", "host", "ann", { role: "host" }), []);
  assert.deepEqual(asked("bob", "member", "dee", { role: "member" }), []);
});

test("an excerpt is one line, and short", () => {
  assert.equal(format.excerpt("two\n  lines ", 80), "two lines");
  assert.equal(format.excerpt("a long story", 7), "a long…");
});
