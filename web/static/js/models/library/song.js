/**
 * A song in one shape, wherever it was met: found, kept, heard, or in the queue.
 *
 * @typedef {{id: string, title: string, artist: string, artistId: string, album: string, albumId: string, cover: string,
 *   ms: number | null, playable: boolean, live: boolean, why: string, from: string, entry: string}} Song
 *   `entry`: what it is called in the list that it is in; `from`: the catalogue, where that is worth saying
 */
import { reasonWords } from "../reasons.js";

/** @param {object} track of a search, a chart, an album @param {Record<string, string>} [labels] names of catalogues */
export function ofTrack(track, labels = {}) {
  return {
    id: track.id,
    title: track.title,
    artist: track.artist?.name ?? "",
    artistId: track.artist?.id ?? "",
    album: track.album?.title ?? "",
    albumId: track.album?.id ?? "",
    cover: track.cover || track.album?.cover_medium || "",
    ms: track.duration_ms || track.duration * 1_000 || null,
    playable: Boolean(track.url),
    live: Boolean(track.live),
    why: "",
    from: from(track.id, labels),
    entry: track.id,
  };
}

/** @param {object} kept of a playlist, the favourites, the history or what one may like @param {Record<string, string>} [labels] */
export function ofKept(kept, labels = {}) {
  return {
    id: kept.track_id,
    title: kept.track_title,
    artist: kept.artist_name ?? "",
    artistId: kept.artist_id ?? "",
    album: kept.album_title ?? "",
    albumId: "",
    cover: kept.album_cover ?? "",
    ms: kept.duration ? kept.duration * 1_000 : null,
    playable: kept.playable ?? true,
    live: false,
    why: reasonWords(kept.why ?? ""),
    from: from(kept.track_id, labels),
    entry: String(kept.id ?? kept.track_id),
  };
}

/** @param {import("../../client/room.js").Entry & {why?: string}} entry of a room's queue */
export function ofEntry({ id, why = "", track }) {
  return {
    id: track.source ?? "",
    title: track.title,
    artist: track.artist ?? "",
    artistId: "",
    album: track.album ?? "",
    albumId: "",
    cover: track.cover ?? "",
    ms: track.duration_ms ?? null,
    playable: true,
    live: false,
    why: reasonWords(why),
    from: "",
    entry: id,
  };
}

/** Songs in the order in which they are, each only the first time. @param {Song[]} songs */
export function distinct(songs) {
  const seen = new Set();
  return songs.filter(({ id }) => !seen.has(id) && seen.add(id));
}

function from(id, labels) {
  const provider = id.split(":")[0];
  return provider === "local" || provider === "link" ? "" : (labels[provider] ?? "");
}
