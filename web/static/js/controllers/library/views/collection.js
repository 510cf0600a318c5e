/** An artist, an album, a genre: a cover, a name, songs to play, and what belongs to it. */
import { icon, make } from "../../../helpers/dom.js";
import { paintCover } from "../../../helpers/cover.js";
import { artistAt, playlistAt } from "../../../models/library/routes.js";
import { caveat } from "../../../models/library.js";
import { duration, songs as songCount, yearOf } from "../../../models/library/say.js";
import { t, tn } from "../../../models/words.js";
import { empty, remark, skeletonRows } from "../states.js";
import { albumTile, grid } from "../tiles.js";
import { action, filled, songList, tracksOf } from "./view.js";

/** What all three have in common. @param {any} ctx */
function collection(ctx, { load, show }) {
  const body = make("div", {}, bare());
  const lists = [];
  const view = { title: "", element: make("div", { class: "lib-view" }, body) };

  /** Songs that play one after the other from the one that was chosen on. */
  function songs(tracks, how) {
    const list = songList(ctx, tracks, { ...how, play: (_, index) => ctx.play.all(tracks, { from: index }) });
    lists.push(list);
    return list.element;
  }

  function fill(found) {
    const { title, nodes } = show(found, songs);
    ctx.router.name(view, title);
    return nodes;
  }

  view.shown = () => lists.forEach((list) => list.shown());
  view.dispose = () => lists.forEach((list) => list.dispose());
  view.ready = filled(body, { load, fill, done: view.shown });
  return view;
}

function bare() {
  const head = make("header", { class: "lib-hero" }, make("span", { class: "ghost ghost-tile" }), make("div", {}, make("h1", { tabindex: "-1" }, t("One moment …"))));
  return make("div", {}, head, skeletonRows(5));
}

/** @param {{title: string, cover: string, kind: string, lines: (Node | string | false)[], actions: (Node | false)[], round?: boolean, symbol?: string, picture?: HTMLElement}} what */
export function hero({ title, cover, kind, lines, actions, round = false, symbol = "album", picture }) {
  const shown = picture ?? make("span", { class: `cover${round ? " is-round" : ""}` }, icon(symbol));
  if (!picture) paintCover(shown, { title, cover });
  const facts = lines.filter(Boolean).flatMap((line, index) => (index ? [" · ", line] : [line]));
  const text = make("div", { class: "lib-hero-text" }, make("p", { class: "eyebrow" }, kind), make("h1", { tabindex: "-1" }, title), make("p", { class: "dim" }, ...facts));
  return make("header", { class: "lib-hero" }, shown, text, make("div", { class: "lib-hero-actions" }, ...actions.filter(Boolean)));
}

function playActions(ctx, songs) {
  if (songs.length === 0) return [];
  return [
    action("play", t("Play"), () => ctx.play.all(songs), { primary: true }),
    songs.length > 1 && action("shuffle", t("Shuffle"), () => ctx.play.all(songs, { shuffle: true })),
    moreButton(ctx, songs),
  ];
}

function moreButton(ctx, songs) {
  const button = make("button", { type: "button", class: "button quiet icon-only", "aria-haspopup": "dialog", "aria-label": t("More to do with all of them") }, icon("more"));
  const able = songs.filter(({ playable }) => playable);
  const items = [
    { symbol: "queue", label: t("Add all to queue"), run: () => ctx.play.enqueueAll(songs) },
    able.length > 0 && { symbol: "add-to", label: t("Add all to a playlist"), run: () => ctx.toPlaylist(able) },
  ];
  button.addEventListener("click", () => ctx.openMenu(button, { title: songCount(songs.length), items }));
  return button;
}

export function albumView(ctx, { id }) {
  return collection(ctx, {
    load: () => ctx.api("GET", `/api/catalogue/albums/${encodeURIComponent(id)}/`),
    show({ album, tracks, ...answer }, rows) {
      const songs = tracksOf(tracks).map((song) => ({ ...song, cover: song.cover || album.cover_medium }));
      const artist = album.artist?.id ? make("a", { href: artistAt(album.artist.id) }, album.artist.name) : album.artist?.name;
      const length = songs.reduce((sum, { ms }) => sum + (ms ?? 0), 0) / 1_000;
      const lines = [artist, yearOf(album.release_date), songCount(songs.length), length > 0 && duration(length)];
      const head = hero({ title: album.title, cover: album.cover_xl || album.cover_medium, kind: t("Album"), lines, actions: playActions(ctx, songs) });
      return { title: album.title, nodes: [head, remark(caveat(answer)), songs.length > 0 ? rows(songs, { label: t("Songs of {title}", { title: album.title }), numbered: true, hide: "album" }) : silent()] };
    },
  });
}

export function artistView(ctx, { id }) {
  return collection(ctx, {
    load: () => ctx.api("GET", `/api/catalogue/artists/${encodeURIComponent(id)}/`),
    show({ artist, albums, top_tracks: top, ...answer }, rows) {
      const songs = tracksOf(top);
      const lines = [albums.length > 0 && tn("{n} album", "{n} albums", albums.length), artist.nb_fan > 0 && tn("{n} fan", "{n} fans", artist.nb_fan)];
      const head = hero({ title: artist.name, cover: artist.picture_xl || artist.picture_medium, kind: t("Artist"), lines, actions: playActions(ctx, songs), round: true, symbol: "people" });
      const nodes = [
        head,
        remark(caveat(answer)),
        songs.length > 0 && part(t("Heard most"), rows(songs, { label: t("Songs of {name}", { name: artist.name }), numbered: true, hide: "artist" })),
        albums.length > 0 && part(t("Albums"), grid(albums.map((each) => albumTile(each, { artist: false })))),
        songs.length + albums.length === 0 && silent(),
      ];
      return { title: artist.name, nodes };
    },
  });
}

export function genreView(ctx, { id }) {
  const { api, say } = ctx;

  async function generate(name) {
    try {
      const made = await api("POST", "/api/playlists/generate/", { body: { genre_id: Number(id) } });
      ctx.changed();
      ctx.router.go(playlistAt(made.id));
      say.note(t("A playlist of {genre}, what suits you first.", { genre: name }));
    } catch (fault) {
      say.fault(fault);
    }
  }

  return collection(ctx, {
    load: () => api("GET", `/api/charts/genre/${encodeURIComponent(id)}/?limit=50`),
    show({ genre, tracks, ...answer }, rows) {
      const songs = tracksOf(tracks);
      const actions = [...playActions(ctx, songs), songs.length > 2 && action("add-to", t("Make me a playlist"), () => generate(genre.name))];
      const head = hero({ title: genre.name, cover: "", kind: t("Genre"), lines: [songCount(songs.length)], actions, symbol: "genre" });
      return { title: genre.name, nodes: [head, remark(caveat(answer)), songs.length > 0 ? rows(songs, { label: t("Songs of {name}", { name: genre.name }), numbered: true }) : silent()] };
    },
  });
}

const part = (title, node) => make("section", { class: "lib-part", "aria-label": title }, make("h2", {}, title), node);

function silent() {
  const back = make("a", { class: "button", href: "/library/search" }, t("Look for something else"));
  return empty({ title: t("No songs of it are known here"), actions: [back] });
}
