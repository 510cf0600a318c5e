/**
 * The five contracts, as the dashboard speaks them: where each is reached, how it begins, what it calls an act, and what its
 * messages tell. An act that a contract has no word for goes over HTTP. The documents in docs/ are what this follows.
 *
 * @typedef {{token: string, userId: string, name: string}} Who `userId`: the private one, of SyncPlay
 * @typedef {import("./facts.js").Facts} Facts
 * @typedef {{title: string, address: (room: string, who: Who) => string, opening: (who: Who) => object[],
 *   says: Record<string, (fields: any, who: Who, facts: Facts) => object | null>, alive?: (now: number) => object,
 *   hear: (facts: Facts, message: any, now: number) => Facts}} Contract
 */
import { apply, opened, positionAt } from "../../client/room.js";
import { withPlayback, withQueue } from "./facts.js";

const query = ({ token }) => `?token=${encodeURIComponent(token)}`;
const passed = (facts, { message }) => ({ ...facts, error: message });

let count = 0;
const native = (type, fields = {}) => {
  count += 1;
  return { type, id: `dashboard-${count}`, ...fields };
};

/** @type {Contract} */
const NATIVE = {
  title: "Native",
  address: (room) => `/ws/v1/${room}/`,
  opening: ({ token }) => [{ type: "hello", token }],
  alive: (now) => ({ type: "ping", id: count, c0: now }),
  says: {
    play: () => native("play"),
    pause: () => native("pause"),
    seek: ({ position }) => native("seek", { position: 1_000 * position }),
    next: () => native("next"),
    previous: () => native("previous"),
    add: ({ url, title, artist }) => native("add", { tracks: [given({ url, title, artist })] }),
    remove: ({ id }) => native("remove", { entries: [id] }),
    move: ({ entry, before }) => native("move", { entry, before }),
    shuffle: () => native("shuffle"),
    clear: () => native("clear"),
    ask: ({ action, id, before, ...track }) => native("ask", { action, ...(id ? given({ entry: id, before }) : { track: given(track) }) }),
    decide: ({ request, approve }) => native("decide", { requests: [request], approve }),
    withdraw: ({ request }) => native("withdraw", { request }),
    chat: ({ text }) => native("say", { text }),
  },
  hear(facts, message, now) {
    if (message.type === "welcome") return { ...facts, ahead: message.now - now };
    if (message.type === "error") return passed(facts, message);
    if (message.type === "pong") return { ...facts, ahead: message.s2 - now };
    if (message.type === "state") return ofRoom({ ...facts, requests: facts.requests + 1 }, opened(message.room), now);
    if (message.type !== "commit" || !facts.room) return facts;
    const about = message.events.some(({ type }) => type.startsWith("request_"));
    return ofRoom({ ...facts, requests: facts.requests + Number(about) }, apply(facts.room, message), now);
  },
};

function ofRoom(facts, room, now) {
  const { playback, queue } = room;
  const songs = queue.map(({ id, track }) => ({ id, title: track.title, artist: track.artist }));
  const state = { is_playing: playback.playing, position: positionAt(playback, now + (facts.ahead ?? 0)) / 1_000 };
  const current = queue.find(({ id }) => id === playback.entry)?.track ?? null;
  return { ...withQueue(withPlayback(facts, state, current, now), songs, playback.entry), room };
}

const collab = (type, data) => ({ type, data });
const played = (command, more) => collab("playback_command", { command, ...more });

/** @type {Contract} */
const COLLAB = {
  title: "Collab",
  address: (room, who) => `/ws/sessions/${room}/${query(who)}`,
  opening: () => [],
  says: {
    play: () => played("play"),
    pause: () => played("pause"),
    seek: ({ position }) => played("seek", { position }),
    next: () => played("skip_next"),
    previous: () => played("skip_prev"),
    add: ({ url, title, artist }) => collab("request_playlist_change", given({ action: "add", url, title, artist })),
    remove: ({ id }) => collab("request_playlist_change", { action: "remove", id }),
    move: ({ entry, before }) => collab("request_playlist_change", { action: "move", id: entry, before }),
    ask: (fields) => collab("request_playlist_change", given(fields)),
  },
  hear(facts, { type, data }, now) {
    if (type === "playback_state") return withPlayback(facts, data, data.item, now);
    if (type === "playlist_update") return withQueue(facts, data.entries, data.current);
    if (type === "request_update") return { ...facts, requests: facts.requests + 1 };
    return type === "error" ? passed(facts, data) : facts;
  },
};

/** @type {Contract} */
const MUSICROOM = {
  title: "MusicRoom",
  address: (room, who) => `/ws/rooms/${room}/${query(who)}`,
  opening: () => [],
  says: {
    play: (_, __, { playing }) => (playing ? null : { type: "toggle_playback" }),
    pause: (_, __, { playing }) => (playing ? { type: "toggle_playback" } : null),
    seek: ({ position }) => ({ type: "sync_playback", position }),
    next: () => ({ type: "next_song" }),
    previous: () => ({ type: "previous_song" }),
    add: ({ url, title, artist }) => given({ type: "add_song", url, title, artist }),
  },
  hear(facts, message, now) {
    if (["song_started", "song_paused", "playback_synced"].includes(message.type)) return withPlayback(facts, message, message.song, now);
    if (message.type === "queue_updated") return withQueue(facts, message.queue, message.current);
    return message.type === "error" ? passed(facts, message) : facts;
  },
};

const syncplay = (type, data) => (_, { userId }) => ({ type, userId, data });

/** @type {Contract} */
const SYNCPLAY = {
  title: "SyncPlay",
  address: (room) => `/ws/room/${room}/`,
  opening: ({ userId, name }) => [{ type: "join", userId, data: { userName: name } }],
  says: {
    play: syncplay("play", {}),
    pause: syncplay("pause", {}),
    seek: ({ position }, { userId }) => ({ type: "seek", userId, data: { position } }),
    add: ({ url, title }, { userId }) => ({ type: "video_changed", userId, data: given({ videoUrl: url, videoTitle: title }) }),
    chat: ({ text }, { userId }) => ({ type: "chat", userId, data: { message: text } }),
  },
  hear(facts, { type, data }, now) {
    const { position, videoTitle, isPlaying } = data ?? {};
    if (type === "room_state") return withPlayback(facts, { is_playing: isPlaying, position }, { title: videoTitle }, now);
    if (type === "video_changed") return { ...facts, title: videoTitle };
    if (type === "play" || type === "pause") return { ...facts, playing: type === "play", position, at: now };
    if (type === "seek") return { ...facts, position, at: now };
    return type === "error" ? passed(facts, data) : facts;
  },
};

/** @type {Contract} */
const STREAMIT = {
  title: "StreamIt",
  address: (room, who) => `/ws/room/${room}/${query(who)}`,
  opening: () => [],
  says: {
    play: () => ({ type: "PLAY" }),
    pause: () => ({ type: "PAUSE" }),
    seek: ({ position }) => ({ type: "SEEK", time: position }),
    chat: ({ text }) => ({ type: "CHAT_MESSAGE", message: text }),
  },
  hear(facts, message, now) {
    const { type, time: position } = message;
    if (type === "PLAYBACK_STATE") return { ...facts, playing: message.is_playing, position, at: now };
    if (type === "PLAY" || type === "PAUSE") return { ...facts, playing: type === "PLAY", position, at: now };
    if (type === "SEEK") return { ...facts, position, at: now };
    return type === "ERROR" ? passed(facts, message) : facts;
  },
};

/** @type {Record<string, Contract>} */
export const DIALECTS = { native: NATIVE, collab: COLLAB, musicroom: MUSICROOM, syncplay: SYNCPLAY, streamit: STREAMIT };

/** The fields that say something. */
function given(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ""));
}
