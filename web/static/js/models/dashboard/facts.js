/**
 * What a socket has told so far, in whatever contract: the same few facts. Pure.
 *
 * @typedef {{playing: boolean, position: number, at: number, title: string, queue: Song[] | null, requests: number, error: string, room?: any}} Facts
 *   `position` in seconds at local time `at` (ms); `queue` null: this contract does not tell it; `requests` counts what was told of them
 * @typedef {{id: string, title: string, artist: string, current: boolean}} Song
 */

/** @type {Facts} */
export const NOTHING = { playing: false, position: 0, at: 0, title: "", queue: null, requests: 0, error: "" };

/** Where playback is at a local time, in seconds. @param {Facts} facts @param {number} now ms */
export function positionOf({ playing, position, at }, now) {
  return playing ? position + Math.max(0, now - at) / 1_000 : position;
}

/** @param {Facts} facts @param {{is_playing: boolean, position: number, starts_in?: number}} state @param {{title: string} | null} item */
export function withPlayback(facts, { is_playing, position, starts_in = 0 }, item, now) {
  return { ...facts, playing: is_playing, position, at: now + 1_000 * starts_in, title: item?.title ?? "" };
}

/** @param {{id: string, title: string, artist?: string, is_current?: boolean}[]} songs @param {string | null} current */
export function withQueue(facts, songs, current) {
  return { ...facts, queue: songs.map(({ id, title, artist = "" }) => ({ id, title, artist, current: id === current })) };
}
