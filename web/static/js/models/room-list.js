/** Lists of rooms, as they are shown: what is told of one, and a list that stays where it is while it changes. Pure. */

/**
 * @typedef {{code: string, name: string, host: string, online_count: number, is_playing: boolean, last_activity: string,
 *   current_song: {title: string, artist?: string} | null, participants?: {id: string, name: string, is_online: boolean}[]}} Listed
 */

/**
 * The latest rooms in the places of those that are shown: a room that is gone keeps its place, until a new one takes it.
 * Nothing moves under a finger.
 * @template {{code: string}} T
 * @param {(T & {gone?: boolean})[]} shown @param {T[]} latest @param {number} most
 * @returns {(T & {gone?: boolean})[]}
 */
export function steady(shown, latest, most) {
  const known = new Set(shown.map(({ code }) => code));
  const now = new Map(latest.map((room) => [room.code, room]));
  const added = latest.slice(0, most).filter(({ code }) => !known.has(code));
  const places = shown.map((room) => now.get(room.code) ?? added.shift() ?? { ...room, gone: true });
  return [...places, ...added].slice(0, Math.max(most, shown.length));
}

/** "Long Walk – Carol", or null where nothing is put on. @param {Listed} room */
export function whatPlays({ current_song: song }) {
  if (!song) return null;
  return song.artist ? `${song.title} – ${song.artist}` : song.title;
}

/** Whether anybody is there, oneself left out. @param {Listed} room @param {string} you */
export function othersIn({ participants = [] }, you) {
  return participants.filter(({ id, is_online }) => is_online && id !== you).map(({ name }) => name);
}

/** Those where somebody is come first; otherwise the last used. @param {Listed[]} rooms */
export function bySoonest(rooms) {
  return [...rooms].sort((a, b) => Number(b.online_count > 0) - Number(a.online_count > 0) || (a.last_activity < b.last_activity ? 1 : -1));
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]];

/**
 * How long ago, as a number and a unit for `Intl.RelativeTimeFormat`; null within the last minute.
 * @returns {[number, Intl.RelativeTimeFormatUnit] | null}
 */
export function ago(then, now) {
  const ms = now - then;
  const unit = UNITS.find(([, size]) => ms >= size);
  return unit ? [-Math.floor(ms / unit[1]), unit[0]] : null;
}
