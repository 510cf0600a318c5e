/** Tiles: albums, artists, playlists, and songs that one may like. */
import { hueOf } from "../../models/format.js";
import { albumAt, artistAt, genreAt, playlistAt } from "../../models/library/routes.js";
import { playlistWords } from "../../models/reasons.js";
import { songs as songCount, yearOf } from "../../models/library/say.js";
import { paintCover } from "../../helpers/cover.js";
import { icon, make } from "../../helpers/dom.js";
import { dotted, t } from "../../models/words.js";

/** @param {Node[]} tiles @param {{row?: boolean}} [how] `row`: side by side, to be pushed along */
export function grid(tiles, { row = false } = {}) {
  return make("ul", { class: `tiles${row ? " is-row" : ""}` }, ...tiles.map((each) => make("li", {}, each)));
}

export function albumTile({ id, title, artist, cover_medium: cover, release_date: date }, { artist: shown = true } = {}) {
  return tile({ href: albumAt(id), title, line: dotted([shown && artist?.name, yearOf(date)]), cover, symbol: "album" });
}

export function artistTile({ id, name, picture_medium: cover }) {
  return tile({ href: artistAt(id), title: name, line: t("Artist"), cover, round: true, symbol: "people" });
}

export function playlistTile(playlist, { owner = false } = {}) {
  const line = dotted([owner && playlist.owner_name && t("by {name}", { name: playlist.owner_name }), songCount(playlist.track_count)]);
  const made = tile({ href: playlistAt(playlist.id), title: playlistWords(playlist.kind, playlist.name), line, cover: playlist.cover_image ?? "", symbol: "playlist" });
  const covers = [...new Set(playlist.covers ?? [])];
  if (!playlist.cover_image?.startsWith("/uploads/") && covers.length >= 4) made.firstElementChild.replaceWith(mosaic(covers));
  return made;
}

export function genreTile({ id, name }) {
  const made = make("a", { class: "genre-tile", href: genreAt(id) }, name);
  made.style.setProperty("--hue", String(hueOf(name)));
  return made;
}

/** A song with its reason; the whole tile plays. */
export function songTile(song, play) {
  const made = make("button", { type: "button", class: "tile", "aria-label": t("Play {title}: {why}", { title: song.title, why: song.why || song.artist }), onclick: play });
  made.append(...faceOf({ title: song.title, line: dotted([song.artist, song.why]), cover: song.cover, symbol: "note" }));
  made.firstElementChild.append(make("span", { class: "play-mark", "aria-hidden": "true" }, icon("play")));
  return made;
}

/** Four covers as one. */
export function mosaic(covers) {
  const whole = make("span", { class: "cover is-mosaic" });
  for (const cover of covers.slice(0, 4)) {
    const part = make("span", { class: "cover" });
    paintCover(part, { title: cover, cover });
    whole.append(part);
  }
  return whole;
}

/** @param {any} what */
function tile({ href, round = false, ...face }) {
  return make("a", { class: `tile${round ? " is-round" : ""}`, href }, ...faceOf(face));
}

function faceOf({ title, line, cover, symbol }) {
  const picture = make("span", { class: "cover" }, icon(symbol));
  paintCover(picture, { title, cover });
  return [picture, make("strong", { class: "tile-title" }, title), make("span", { class: "tile-line" }, line)];
}
