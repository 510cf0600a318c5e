/** Songs as the library tells of them, in one shape wherever they were found. */
import { reasonWords } from "./reasons.js";
import { dotted, listed, t } from "./words.js";

/** Services whose recordings are linked to, not held. */
const FOREIGN = new Set(["youtube", "vimeo", "soundcloud", "spotify", "link"]);

/**
 * @typedef {{id: string, title: string, artist: string, album: string, cover: string, duration_ms: number | null,
 *   playable: boolean, live: boolean, why: string, from: string}} Song
 */

/** Letters of a question that a catalogue takes. */
const LONGEST = 200;

/** What catalogues are asked for a text: whoever pasted a page of it means its beginning. @param {string} text */
export function question(text) {
  return Array.from(text).slice(0, LONGEST).join("");
}

/** A song of a search, or of a chart. @returns {Song} */
export function songFound(found, labels = {}) {
  return {
    id: found.id,
    title: found.title,
    artist: found.artist?.name ?? "",
    album: found.album?.title ?? "",
    cover: found.cover || found.album?.cover_medium || "",
    duration_ms: found.duration_ms || found.duration * 1_000 || null,
    playable: Boolean(found.url),
    live: Boolean(found.live),
    why: "",
    from: from(found.id, labels),
  };
}

/** A song of a playlist, of the favourites or of what one may like. @returns {Song} */
export function songKept(kept, labels = {}) {
  return {
    id: kept.track_id,
    title: kept.track_title,
    artist: kept.artist_name,
    album: kept.album_title ?? "",
    cover: kept.album_cover ?? "",
    duration_ms: kept.duration ? kept.duration * 1_000 : null,
    playable: true,
    live: false,
    why: reasonWords(kept.why ?? ""),
    from: from(kept.track_id, labels),
  };
}

/** What is said below the title: who it is by, why it is there, and where it comes from unless that is the own folder. */
export function lineOf(song) {
  return dotted([song.artist, song.why || song.album, song.live && t("live"), song.from]);
}

/** What the server said besides: that it is from before, or that a catalogue did not answer. @param {any} answer */
export function caveat({ stale, left_out: missing }, labels = {}) {
  const names = (Array.isArray(missing) ? missing : []).map((name) => labels[name] ?? name);
  if (names.length === 1) return t("{catalogue} does not answer right now.", { catalogue: names[0] });
  if (names.length > 1) return t("{catalogues} do not answer right now.", { catalogues: listed(names) });
  return stale ? t("A catalogue does not answer right now; this is what it said before.") : "";
}

/** The id under which a queued track can be kept; null for what no catalogue of this server knows. */
export function keepable({ source = "" }) {
  return source && !FOREIGN.has(source.split(":")[0]) ? source : null;
}

function from(id, labels) {
  const provider = id.split(":")[0];
  return provider === "local" || provider === "link" ? "" : (labels[provider] ?? "");
}
