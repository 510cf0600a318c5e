/**
 * The room as a client sees it: a value, and what each event of a commit makes of it. Nothing here knows a socket, a
 * clock or a page. A state plus the events of the next commit is exactly the next state.
 *
 * @typedef {{entry: string | null, position: number, rate: number, playing: boolean, as_of: number}} Playback
 * @typedef {{title: string, url: string, artist?: string, album?: string, cover?: string, duration_ms?: number,
 *   kind?: "audio" | "video", mime?: string, source?: string}} Track
 * @typedef {{id: string, rank: number, by: string, by_name: string, added_at: number, track: Track}} Entry
 * @typedef {{id: string, name: string, role: "host" | "cohost" | "member", guest: boolean, online: boolean,
 *   joined_at: number}} Member
 * @typedef {{id: string, by: string, by_name: string, text: string, at: number}} Line
 * @typedef {{id: string, code: string, name: string, description: string, theme: string, visibility: string,
 *   entry_mode: string, chat_enabled: boolean, autoplay: boolean, repeat: "off" | "one" | "all", created_at: number,
 *   owner: string, host: string, playback: Playback, queue: Entry[], members: Member[], chat: Line[],
 *   rights: Record<string, string[]>, closed?: boolean}} Room
 */

/** Lines of chat kept in memory; older ones can be fetched again. */
const CHAT_KEPT = 500;

/** Where the room is in its entry, in milliseconds, at room time `now`. The only arithmetic of playback there is. */
export function positionAt(playback, now) {
  if (!playback.playing) return playback.position;
  return playback.position + playback.rate * Math.max(0, now - playback.as_of);
}

/** @param {Room} room @param {{events: {type: string}[]}} commit @returns {Room} */
export function apply(room, commit) {
  return commit.events.reduce((state, event) => (EVENTS[event.type] ?? ignore)(state, event), room);
}

/** @param {Room} room @returns {Room} the room with its queue in order, as the reducer keeps it */
export function opened(room) {
  return { ...room, queue: byRank(room.queue) };
}

/** Whether that user may do what the right stands for. */
export function may(room, user, right) {
  const member = room?.members.find((each) => each.id === user);
  return member !== undefined && (room.rights[member.role] ?? []).includes(right);
}

const ignore = (room) => room;

const EVENTS = {
  settings_changed: (room, { changes }) => ({ ...room, ...changes }),

  member_joined: (room, { member }) => ({
    ...room,
    members: [...room.members.filter((each) => each.id !== member.id), member],
  }),

  member_left: (room, { user }) => ({ ...room, members: room.members.filter((each) => each.id !== user) }),

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

  playback_changed: (room, { playback }) => ({ ...room, playback }),

  said: (room, { message }) => ({ ...room, chat: [...room.chat, message].slice(-CHAT_KEPT) }),

  room_closed: (room) => ({ ...room, closed: true }),
};

function byRank(entries) {
  return [...entries].sort((a, b) => a.rank - b.rank);
}

function changeMember(room, user, changes) {
  return {
    ...room,
    members: room.members.map((member) => (member.id === user ? { ...member, ...changes } : member)),
  };
}
