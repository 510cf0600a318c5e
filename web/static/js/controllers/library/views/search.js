/** Looking for something: songs, artists and albums of all catalogues, and playlists. */
import { make } from "../../../helpers/dom.js";
import { searchAt } from "../../../models/library/routes.js";
import { caveat, question } from "../../../models/library.js";
import { t } from "../../../models/words.js";
import { empty, remark, skeletonRows } from "../states.js";
import { albumTile, artistTile, grid, playlistTile } from "../tiles.js";
import { filled, heading, songList, tracksOf } from "./view.js";

const EACH = 20;
const MORE = 50;

/** @param {any} ctx */
export function searchView(ctx, { q, provider }) {
  const { api } = ctx;
  const body = make("div", {}, skeletonRows(6));
  const lists = [];
  let limit = EACH;

  async function load() {
    const asked = new URLSearchParams({ q: question(q), limit: String(limit), ...(provider && { provider }) });
    const [found, playlists] = await Promise.all([
      api("GET", `/api/catalogue/search/?${asked}`),
      q && !provider ? api("GET", `/api/playlists/playlists/?limit=12&q=${encodeURIComponent(question(q))}`) : [],
    ]);
    return { ...found, playlists };
  }

  function fill(found) {
    const labels = found.providers ?? {};
    const nothing = [found.tracks, found.artists, found.albums, found.playlists].every((each) => each.length === 0);
    return [chips(labels), remark(caveat(found, labels)), ...(nothing ? [none()] : results(found, labels))];
  }

  function results({ tracks, artists, albums, playlists }, labels) {
    return [
      tracks.length > 0 && part(q ? t("Songs") : t("Newest songs"), songs(tracks, labels), tracks.length >= limit && limit < MORE && moreButton()),
      artists.length > 0 && part(t("Artists"), grid(artists.map(artistTile), { row: true })),
      albums.length > 0 && part(t("Albums"), grid(albums.map((each) => albumTile(each)), { row: true })),
      playlists.length > 0 && part(t("Playlists"), grid(playlists.map((each) => playlistTile(each, { owner: true })), { row: true })),
    ];
  }

  function songs(tracks, labels) {
    const list = songList(ctx, tracksOf(tracks, labels), { label: t("Songs that were found") });
    lists.push(list);
    return list.element;
  }

  function moreButton() {
    const button = make("button", { type: "button", class: "button" }, t("More songs"));
    button.addEventListener("click", () => {
      limit = MORE;
      button.disabled = true;
      look();
    });
    return make("p", { class: "lib-more" }, button);
  }

  /** Which catalogue is asked, where there are several. */
  function chips(labels) {
    const names = Object.entries(labels);
    if (names.length < 2) return null;
    const chip = (name, label) => make("a", { class: "chip", href: searchAt(q, name), "aria-current": name === provider && "true" }, label);
    return make("nav", { class: "chips", "aria-label": t("Where to look") }, chip("", t("Everywhere")), ...names.map(([name, label]) => chip(name, label)));
  }

  function none() {
    if (!q) return empty({ title: t("There is no music here yet"), text: t("As soon as this server has some, it is found here.") });
    const everywhere = provider && make("a", { class: "button", href: searchAt(q) }, t("Look everywhere"));
    const text = t("Fewer words find more, and so does another spelling.");
    return empty({ symbol: "search", title: t("Nothing found for “{q}”", { q }), text, actions: [everywhere, make("a", { class: "button", href: "/library/charts" }, t("See what is heard most"))].filter(Boolean) });
  }

  const part = (title, ...nodes) => make("section", { class: "lib-part", "aria-label": title }, make("h2", {}, title), ...nodes.filter(Boolean));
  const shown = () => lists.forEach((list) => list.shown());
  const look = () => filled(body, { load, fill, done: shown });
  const ready = look();
  const title = q ? t("“{q}”", { q }) : t("Search");
  return { title, element: make("div", { class: "lib-view" }, heading(title), body), ready, shown, dispose: () => lists.forEach((list) => list.dispose()) };
}
