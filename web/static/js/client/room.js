/**
 * The room as a client sees it: a value, and what each event of a commit makes of it. Nothing here knows a socket, a
 * clock or a page. A state plus the events of the next commit is exactly the next state.
 *
 * @typedef {{entry: string | null, position: number, rate: number, playing: boolean, as_of: number}} Playback
 * @typedef {{title: string, url: string, artist?: string, album?: string, cover?: string, duration_ms?: number,
 *   kind?: "audio" | "video", mime?: string, source?: string, subtitles?: string, gain_db?: number | null}} Track
 * @typedef {{id: string, rank: number, by: string, by_name: string, added_at: number, track: Track, why?: string}} Entry
 * @typedef {{id: string, name: string, role: "host" | "cohost" | "member", guest: boolean, online: boolean,
 *   joined_at: number, muted_until: number, listens: boolean}} Member
 * @typedef {{id: string, by: string, by_name: string, text: string, at: number, reply_to?: string,
 *   reactions?: Record<string, string[]>}} Line
 * @typedef {{id: string, by: string, by_name: string, action: "add" | "play_next" | "remove" | "move",
 *   track: Track | null, entry: string | null, before: string | null, at: number,
 *   status: "pending" | "approved" | "rejected" | "withdrawn" | "expired", decided_at: number | null,
 *   decided_by: string | null, reason: string}} Request
 * @typedef {{id: string, name: string, guest: boolean, at: number}} Knock
 * @typedef {{entry: string, why: "load" | "buffering", since: number, until: number, missing: string[]}} Waiting
 * @typedef {{id: string, code: string, personal?: boolean, name: string, description: string, theme: string, visibility: string,
 *   entry_mode: string, chat_enabled: boolean, autoplay: boolean, repeat: "off" | "one" | "all", created_at: number,
 *   owner: string, host: string, playback: Playback, waiting?: Waiting | null, queue: Entry[], members: Member[], chat: Line[],
 *   rights: Record<string, string[]>, queue_mode: "host" | "fifo" | "fair" | "votes" | "dj", requests_each: number,
 *   auto_approve: boolean, skip_share: number, tracks_each: number, minutes_each: number, no_repeat_minutes: number,
 *   slow_mode_s: number, requests: Request[], pending: Knock[], ups: Record<string, string[]>, skip_votes: string[],
 *   skip_needed: number, djs: string[], closed?: boolean}} Room
 */

/** Lines of chat kept in memory; older ones can be fetched again. */
const CHAT_KEPT = 500;
/** Decided requests that a room keeps. */
const REQUESTS_KEPT = 200;
/** Acts that can be taken back. */
const ACTS_KEPT = 10;
/** Up to so many listeners the share of votes counts as it is; beyond, what is needed grows with the root. */
const BIG_ROOM = 25;
/** Causes by which what plays goes on, so that the votes about it stand. */
const SAME_RUN = new Set(["play", "pause", "seek", "rate", "abandoned", "ready", "buffering"]);

/** Where the room is in its entry, in milliseconds, at room time `now`. The only arithmetic of playback there is. */
export function positionAt(playback, now) {
  if (!playback.playing) return playback.position;
  return playback.position + playback.rate * Math.max(0, now - playback.as_of);
}

/** @param {Room} room @param {{events: {type: string}[]}} commit @returns {Room} */
export function apply(room, commit) {
  const state = commit.events.reduce((state, event) => (EVENTS[event.type] ?? ignore)(state, event), room);
  return state === room ? room : counted(state);
}

/** @param {Room} room @returns {Room} the room with its queue in order, as the reducer keeps it */
export function opened(room) {
  return counted({ ...room, queue: byRank(room.queue) });
}

/** Whether that user may do what the right stands for. */
export function may(room, user, right) {
  const member = room?.members.find((each) => each.id === user);
  return member !== undefined && (room.rights[member.role] ?? []).includes(right);
}

/** Who is there, listens and may vote: whose votes to skip count. */
export function electorate(room) {
  return room.members.filter((each) => each.online && each.listens !== false && (room.rights[each.role] ?? []).includes("vote"));
}

/** How many votes skip the current entry, with those who are there now: it changes without an event of its own. */
function counted(room) {
  if (room.skip_share === undefined) return room;
  const there = electorate(room).length;
  const share = (there <= BIG_ROOM ? there : Math.sqrt(BIG_ROOM * there)) * room.skip_share;
  return { ...room, skip_needed: Math.max(1, Math.ceil(share)) };
}

const ignore = (room) => room;

const EVENTS = {
  settings_changed: (room, { changes }) => ({ ...room, ...changes }),

  member_joined: (room, { member }) => ({
    ...room,
    members: [...room.members.filter((each) => each.id !== member.id), member],
    pending: without(room.pending, member.id),
  }),

  member_renamed: (room, { user, name }) => changeMember(room, user, { name }),

  member_left: (room, { user }) => ({
    ...room,
    members: without(room.members, user),
    skip_votes: (room.skip_votes ?? []).filter((each) => each !== user),
    djs: (room.djs ?? []).filter((each) => each !== user),
    ups: Object.keys(room.ups ?? {}).reduce((ups, entry) => withUp(ups, entry, user, false), room.ups ?? {}),
  }),

  listening_changed: (room, { user, on }) => changeMember(room, user, { listens: on }),

  member_muted: (room, { user, until }) => changeMember(room, user, { muted_until: until }),

  knocked: (room, { knock }) => ({ ...room, pending: [...without(room.pending, knock.id), knock] }),

  knock_answered: (room, { user }) => ({ ...room, pending: without(room.pending, user) }),

  rights_changed: (room, { rights }) => ({ ...room, rights: { ...room.rights, ...rights } }),

  presence: (room, { user, online }) => changeMember(room, user, { online }),

  role_changed: (room, { user, role }) => changeMember(room, user, { role }),

  host_changed: (room, { host, owner, former }) => {
    const before = room.host === host ? room : changeMember(room, room.host, { role: former });
    return { ...changeMember(before, host, { role: "host" }), host, owner };
  },

  entries_added: (room, { entries }) => {
    const ids = new Set(entries.map((entry) => entry.id));
    return { ...room, queue: byRank([...room.queue.filter((entry) => !ids.has(entry.id)), ...entries]) };
  },

  entries_removed: (room, { entries }) => ({
    ...room,
    queue: room.queue.filter((entry) => !entries.includes(entry.id)),
    ups: Object.fromEntries(Object.entries(room.ups ?? {}).filter(([entry]) => !entries.includes(entry))),
  }),

  entries_ranked: (room, { ranks }) => ({
    ...room,
    queue: byRank(room.queue.map((entry) => (entry.id in ranks ? { ...entry, rank: ranks[entry.id] } : entry))),
  }),

  entry_measured: (room, { entry: id, duration_ms }) => ({
    ...room,
    queue: room.queue.map((entry) =>
      entry.id === id ? { ...entry, track: { ...entry.track, duration_ms } } : entry,
    ),
  }),

  entry_voted: (room, { entry, user, up }) => ({ ...room, ups: withUp(room.ups ?? {}, entry, user, up) }),

  act_noted: (room, { act }) => ({ ...room, acts: [...(room.acts ?? []), act].slice(-ACTS_KEPT) }),

  act_undone: (room, { act }) => ({ ...room, acts: without(room.acts, act) }),

  dj_changed: (room, { user, on }) => ({ ...room, djs: toggled(room.djs, user, on) }),

  skip_voted: (room, { user, skip }) => ({ ...room, skip_votes: toggled(room.skip_votes, user, skip) }),

  request_made: (room, { request }) => {
    const requests = [...without(room.requests, request.id), request];
    // Those of a state are in no order.
    const decided = requests.filter((each) => each.status !== "pending").sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
    const gone = new Set(decided.slice(0, Math.max(0, decided.length - REQUESTS_KEPT)));
    return { ...room, requests: requests.filter((each) => !gone.has(each)) };
  },

  request_decided: (room, { request: id, status, by, reason, at }) => ({
    ...room,
    requests: (room.requests ?? []).map((each) =>
      each.id === id ? { ...each, status, decided_by: by, decided_at: at, reason } : each,
    ),
  }),

  playback_changed: (room, { playback, cause }) => {
    if (playback.entry === room.playback.entry && SAME_RUN.has(cause)) return { ...room, playback, waiting: null };
    const { [playback.entry]: _, ...ups } = room.ups ?? {};
    return { ...room, playback, waiting: null, ups, skip_votes: [] };
  },

  waiting_began: (room, { waiting }) => ({ ...room, waiting }),

  became_ready: (room, { user }) =>
    room.waiting ? { ...room, waiting: { ...room.waiting, missing: room.waiting.missing.filter((each) => each !== user) } } : room,

  said: (room, { message }) => ({ ...room, chat: [...room.chat, message].slice(-CHAT_KEPT) }),

  reacted: (room, { message, emoji, user, on }) => ({
    ...room,
    chat: room.chat.map((line) =>
      line.id === message ? { ...line, reactions: withUp(line.reactions ?? {}, emoji, user, on) } : line,
    ),
  }),

  message_deleted: (room, { message }) => ({ ...room, chat: without(room.chat, message) }),

  chat_cleared: (room) => ({ ...room, chat: [] }),

  room_closed: (room) => ({ ...room, closed: true }),
};

function without(list, id) {
  return (list ?? []).filter((each) => each.id !== id);
}

/** The list with the user at its end, or without them. */
function toggled(list, user, on) {
  const others = (list ?? []).filter((each) => each !== user);
  return on ? [...others, user] : others;
}

/** Users by key, with one of them put to a key or taken from it; keys without users are none. */
function withUp(table, key, user, on) {
  const { [key]: before, ...others } = table;
  const users = toggled(before, user, on);
  return users.length ? { ...others, [key]: users } : others;
}

function byRank(entries) {
  return [...entries].sort((a, b) => a.rank - b.rank);
}

function changeMember(room, user, changes) {
  return {
    ...room,
    members: room.members.map((member) => (member.id === user ? { ...member, ...changes } : member)),
  };
}
