/** Looking for something: songs, artists and albums of all catalogues, and playlists. */
import { make } from "../../../helpers/dom.js";
import { searchAt } from "../../../models/library/routes.js";
import { caveat, question } from "../../../models/library.js";
import { songs as songCount } from "../../../models/library/say.js";
import { t } from "../../../models/words.js";
import { empty, remark, skeletonRows } from "../states.js";
import { albumTile, artistTile, grid, playlistTile } from "../tiles.js";
import { filled, heading, songList, tracksOf } from "./view.js";

const EACH = 20;
const MORE = 50;
/** So far before the end of the songs more of them are fetched, once more were asked for. */
const NEAR = "800px";

/** @param {any} ctx */
export function searchView(ctx, { q, provider }) {
  const { api } = ctx;
  const body = make("div", {}, skeletonRows(6));
  const lists = [];
  let nearEnd = null;

  function find(limit, offset = 0) {
    const asked = new URLSearchParams({ q: question(q), limit: String(limit), offset: String(offset), ...(provider && { provider }) });
    return api("GET", `/api/catalogue/search/?${asked}`);
  }

  async function load() {
    const [found, playlists] = await Promise.all([
      find(EACH),
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
      tracks.length > 0 && part(q ? t("Songs") : t("Newest songs"), ...songs(tracks, labels)),
      artists.length > 0 && part(t("Artists"), grid(artists.map(artistTile), { row: true })),
      albums.length > 0 && part(t("Albums"), grid(albums.map((each) => albumTile(each)), { row: true })),
      playlists.length > 0 && part(t("Playlists"), grid(playlists.map((each) => playlistTile(each, { owner: true })), { row: true })),
    ];
  }

  function songs(tracks, labels) {
    const all = tracksOf(tracks, labels);
    const list = songList(ctx, all, { label: t("Songs that were found") });
    lists.push(list);
    return [list.element, tracks.length === EACH && moreButton(all, list, labels)];
  }

  /** Whoever asks for more songs is shown nothing but songs, and more of them as they go on. */
  function moreButton(all, list, labels) {
    const button = make("button", { type: "button", class: "button" }, t("More songs"));
    const place = make("p", { class: "lib-more" }, button);

    async function goOn() {
      if (button.ariaBusy === "true") return;
      button.ariaBusy = "true";
      try {
        const { tracks } = await find(MORE, all.length);
        all.push(...tracksOf(tracks, labels));
        list.shown();
        ctx.say.news(songCount(all.length));
        place.hidden = tracks.length < MORE;
        watch();
      } catch (fault) {
        nearEnd?.disconnect();
        ctx.say.fault(fault);
      }
      button.ariaBusy = "false";
    }

    /** Looked at anew each time: what is still near would not be told of again. */
    function watch() {
      nearEnd?.disconnect();
      nearEnd = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && goOn(), { rootMargin: NEAR });
      nearEnd.observe(place);
    }

    button.addEventListener("click", () => {
      for (const part of body.querySelectorAll(".lib-part")) /** @type {HTMLElement} */ (part).hidden = !part.contains(button);
      goOn();
    });
    return place;
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
  const dispose = () => {
    nearEnd?.disconnect();
    for (const list of lists) list.dispose();
  };
  const ready = filled(body, { load, fill, done: shown });
  const title = q ? t("“{q}”", { q }) : t("Search");
  return { title, element: make("div", { class: "lib-view" }, heading(title), body), ready, shown, dispose };
}
