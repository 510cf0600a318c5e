import assert from "node:assert/strict";
import test from "node:test";

import { DIALECTS } from "../../web/static/js/models/dashboard/dialects.js";
import { NOTHING, positionOf } from "../../web/static/js/models/dashboard/facts.js";
import { KEPT, asCommand, logged, matches, short, shown, told } from "../../web/static/js/models/dashboard/wire-log.js";

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl";
const WHO = { token: JWT, userId: "private-id-of-hanna", name: "Hanna" };

test("no token is ever in the log whole: by its name, by its looks, or as one that is known", () => {
  const answer = { access_token: "opaque-access-token-1", refresh: "opaque-refresh-token-2", user: { id: "u1" }, said: [`see ${JWT}`], user_id: WHO.userId, count: 3, none: null };
  const text = shown(answer, [WHO.userId]);
  for (const secret of [JWT, "opaque-access-token-1", "opaque-refresh-token-2", WHO.userId]) assert.equal(text.includes(secret), false, secret);
  assert.ok(text.includes(short(JWT)));
  assert.equal(JSON.parse(text).user.id, "u1");
  assert.equal(told(`ws://h/ws/sessions/Q/?token=${JWT}`), `ws://h/ws/sessions/Q/?token=${short(JWT)}`);
  assert.equal(shown(undefined), "");
  assert.equal(told({ password: "open sesame" }).password, "…");
  assert.ok(shown({ text: "x".repeat(50_000) }).length < 21_000);
});

test("an entry is found by words, kind and actor, pings on request, and the oldest make room", () => {
  const entry = { n: 1, at: 0, actor: "host", kind: "ws", way: "in", title: "playback_state", got: '{"position": 3}' };
  assert.equal(matches(entry, {}), true);
  assert.equal(matches(entry, { text: "PLAYBACK position", kind: "ws", actor: "host" }), true);
  for (const wanted of [{ text: "playback nothing" }, { kind: "http" }, { actor: "guest" }]) assert.equal(matches(entry, wanted), false);
  assert.deepEqual([matches({ ...entry, beat: true }, {}), matches({ ...entry, beat: true }, { beats: true })], [false, true]);
  let entries = [];
  for (let n = 0; n < KEPT + 5; n += 1) entries = logged(entries, { ...entry, n });
  assert.deepEqual([entries.length, entries[0].n], [KEPT, 5]);
});

test("a call as curl has the token as a variable, and a body that a shell leaves alone", () => {
  const call = { actor: "guest", kind: "http", method: "POST", url: "http://h:8000/api/rooms/Q7K2MX/requests/", authorized: true, sent: shown({ title: "Don't" }) };
  assert.equal(asCommand(call), `curl -X POST 'http://h:8000/api/rooms/Q7K2MX/requests/' -H "Authorization: Bearer $GUEST_TOKEN" -H 'Content-Type: application/json' -d '{"title":"Don'\\''t"}'`);
  assert.equal(asCommand({ actor: "host", kind: "ws", url: `ws://h/ws/rooms/Q/?token=${short(JWT)}` }), 'websocat "ws://h/ws/rooms/Q/?token=$HOST_TOKEN"');
  assert.equal(asCommand({ actor: "host", kind: "ws", sent: shown({ type: "next_song" }) }), '{"type":"next_song"}');
});

test("each contract is reached where it lives and begins as it wants", () => {
  const reached = Object.entries(DIALECTS).map(([name, { address, opening }]) => [name, address("Q7K2MX", { ...WHO, token: "t" }), opening({ ...WHO, token: "t" })]);
  assert.deepEqual(reached, [
    ["native", "/ws/v1/Q7K2MX/", [{ type: "hello", token: "t" }]],
    ["collab", "/ws/sessions/Q7K2MX/?token=t", []],
    ["musicroom", "/ws/rooms/Q7K2MX/?token=t", []],
    ["syncplay", "/ws/room/Q7K2MX/", [{ type: "join", userId: WHO.userId, data: { userName: "Hanna" } }]],
    ["streamit", "/ws/room/Q7K2MX/?token=t", []],
  ]);
});

test("an act in each contract's words", () => {
  const say = (name, act, fields = {}, facts = NOTHING) => DIALECTS[name].says[act]?.(fields, WHO, facts) ?? null;
  assert.deepEqual(say("collab", "next"), { type: "playback_command", data: { command: "skip_next" } });
  assert.deepEqual(say("collab", "ask", { action: "remove", id: "e1" }), { type: "request_playlist_change", data: { action: "remove", id: "e1" } });
  assert.deepEqual(say("musicroom", "play"), { type: "toggle_playback" });
  assert.equal(say("musicroom", "play", {}, { ...NOTHING, playing: true }), null);
  assert.deepEqual(say("syncplay", "seek", { position: 4 }), { type: "seek", userId: WHO.userId, data: { position: 4 } });
  assert.deepEqual(say("streamit", "seek", { position: 4 }), { type: "SEEK", time: 4 });
  assert.equal(say("streamit", "next"), null);
  const { id, ...seek } = say("native", "seek", { position: 4 });
  assert.deepEqual(seek, { type: "seek", position: 4_000 });
  const asked = say("native", "ask", { action: "add", url: "https://media.example/a.mp3", title: "" });
  assert.deepEqual(asked.track, { url: "https://media.example/a.mp3" });
  assert.notEqual(asked.id, id);
});

test("what each contract tells comes to the same facts", () => {
  const song = { id: "e1", title: "Walk", artist: "Carol" };
  const heard = {
    collab: [{ type: "playlist_update", data: { entries: [song], current: "e1" } }, { type: "playback_state", data: { is_playing: true, position: 5, item: song, starts_in: 0 } }],
    musicroom: [{ type: "queue_updated", queue: [song], current: "e1" }, { type: "song_started", is_playing: true, position: 5, song, starts_in: 0 }],
    syncplay: [{ type: "room_state", userId: "p", data: { isPlaying: false, position: 0, videoTitle: "Walk" } }, { type: "play", userId: "p", data: { position: 5 } }],
    streamit: [{ type: "PLAYBACK_STATE", is_playing: false, time: 0 }, { type: "PLAY", time: 5 }],
    native: [
      { type: "welcome", now: 90_000 },
      { type: "state", room: { members: [], queue: [{ id: "e1", rank: 1, track: { title: "Walk", artist: "Carol" } }], playback: { entry: "e1", position: 0, rate: 1, playing: false, as_of: 0 } } },
      { type: "commit", events: [{ type: "playback_changed", cause: "play", playback: { entry: "e1", position: 5_000, rate: 1, playing: true, as_of: 90_000 } }] },
    ],
  };
  for (const [name, messages] of Object.entries(heard)) {
    const facts = messages.reduce((so, message) => DIALECTS[name].hear(so, message, 1_000), NOTHING);
    assert.deepEqual([facts.playing, positionOf(facts, 3_000)], [true, 7], name);
    if (name !== "streamit") assert.equal(facts.title, "Walk", name);
    if (["collab", "musicroom", "native"].includes(name)) assert.deepEqual(facts.queue, [{ id: "e1", title: "Walk", artist: "Carol", current: true }], name);
  }
});

test("refusals are heard in every contract, and what is unknown changes nothing", () => {
  const refusals = { native: { type: "error", message: "No." }, collab: { type: "error", data: { message: "No." } }, musicroom: { type: "error", message: "No." }, syncplay: { type: "error", data: { message: "No." } }, streamit: { type: "ERROR", message: "No." } };
  for (const [name, message] of Object.entries(refusals)) {
    assert.equal(DIALECTS[name].hear(NOTHING, message, 0).error, "No.", name);
    assert.equal(DIALECTS[name].hear(NOTHING, { type: "other", data: {} }, 0), NOTHING, name);
  }
});
