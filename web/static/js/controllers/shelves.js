/** Where music is looked for: the catalogues, one's favourites, playlists, and what one may like. Each is a list. */
import { caveat, question } from "../models/library.js";
import { ofKept, ofTrack } from "../models/library/song.js";
import { playlistWords } from "../models/reasons.js";
import { dotted, t, tn } from "../models/words.js";

/** As many as the catalogues tell of at once; where there are so many, there may be more. */
const LIMIT = 50;

/**
 * A shelf answers `{songs, playlists, note, back, next}` for a text and a signal to stop by; `open` of a playlist is a shelf
 * too. `next` answers what comes after; null where that was all.
 * @param {Function} api
 */
export function makeShelves(api) {
  /** @type {Record<string, string>} */
  let labels = {};

  async function found(text, signal, offset = 0) {
    const answer = await api("GET", `/api/catalogue/search/?q=${encodeURIComponent(question(text))}&limit=${LIMIT}&offset=${offset}`, { signal });
    labels = answer.providers ?? labels;
    const songs = answer.tracks.map((track) => ofTrack(track, labels));
    const nothing = text ? t("Nothing found for “{text}”. A link to a file works too.", { text }) : t("The library is empty. Paste a link to a file.");
    const next = songs.length === LIMIT ? () => found(text, signal, offset + LIMIT) : null;
    return { songs, next, note: songs.length > 0 ? caveat(answer, labels) : `${nothing} ${caveat(answer, labels)}`.trim() };
  }

  async function favourites(text, signal) {
    const kept = await api("GET", "/api/playlists/favorites/?limit=200", { signal });
    const songs = kept.map((each) => ofKept(each, labels)).filter(matching(text));
    const nothing = kept.length > 0 ? t("No favourite matches “{text}”.", { text }) : t("Tap the heart of a song, and you find it here in every room.");
    return { songs, note: songs.length > 0 ? "" : nothing };
  }

  async function playlists(text, signal) {
    const all = await api("GET", `/api/playlists/playlists/?limit=200&q=${encodeURIComponent(question(text))}`, { signal });
    const open = (playlist) => (within, stop) => songsOf(playlist, within, stop);
    const shown = all.filter((each) => each.track_count > 0).map((each) => ({
      id: each.id,
      name: playlistWords(each.kind, each.name),
      cover: each.cover_image ?? "",
      line: dotted([tn("{n} song", "{n} songs", each.track_count), each.owner_name && t("by {name}", { name: each.owner_name })]),
      open: open(each),
    }));
    const nothing = text ? t("No playlist matches “{text}”.", { text }) : t("There is no playlist yet.");
    return { playlists: shown, note: shown.length > 0 ? "" : nothing };
  }

  async function songsOf({ id, name }, text, signal) {
    const { tracks } = await api("GET", `/api/playlists/playlists/${id}/`, { signal });
    const songs = tracks.map((each) => ofKept(each, labels)).filter(matching(text));
    return { songs, note: songs.length > 0 ? "" : t("Nothing of it matches."), back: name };
  }

  async function forYou(text, signal) {
    const { recommendations } = await api("GET", `/api/playlists/recommendations/?limit=${LIMIT}`, { signal });
    const songs = recommendations.map((each) => ofKept(each, labels)).filter(matching(text));
    return { songs, note: songs.length > 0 ? "" : t("Listen for a while, and this fills.") };
  }

  return { found, favourites, playlists, forYou, songsOf };
}

/** Whether every word of the text is somewhere in a song's. */
function matching(text) {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return ({ title, artist, album }) => {
    const all = `${title} ${artist} ${album}`.toLocaleLowerCase();
    return words.every((word) => all.includes(word));
  };
}
