/** What is heard most, what is new; and the genres. */
import { make } from "../../../helpers/dom.js";
import { caveat } from "../../../models/library.js";
import { t } from "../../../models/words.js";
import { empty, remark, skeletonRows, skeletonTiles } from "../states.js";
import { albumTile, genreTile, grid } from "../tiles.js";
import { action, filled, heading, section, songList, tracksOf } from "./view.js";

/** @param {any} ctx */
export function chartsView(ctx) {
  const { api, play } = ctx;
  const lists = [];
  const shown = () => lists.forEach((list) => list.shown());

  function ranked({ tracks, ...answer }) {
    if (tracks.length === 0) return [empty({ title: t("Nothing was heard yet"), text: t("What is played most on this server stands here, and what its catalogues say.") })];
    const songs = tracksOf(tracks);
    const list = songList(ctx, songs, { label: t("Heard most"), numbered: true, play: (_, index) => play.all(songs, { from: index }) });
    lists.push(list);
    const actions = [action("play", t("Play all"), () => play.all(songs), { primary: true }), action("shuffle", t("Shuffle"), () => play.all(songs, { shuffle: true }))];
    return [remark(caveat(answer)), make("p", { class: "lib-actions" }, ...actions), list.element];
  }
  const albums = (title, path) =>
    section({
      title,
      ghosts: skeletonTiles(6),
      load: () => api("GET", path),
      fill: ({ albums: all, ...answer }) => (all.length ? [remark(caveat(answer)), grid(all.map((each) => albumTile(each)), { row: true })] : []),
    });

  const parts = [
    albums(t("New albums"), "/api/charts/new-releases/?limit=24"),
    albums(t("Albums heard most"), "/api/charts/top-albums/?limit=24"),
    section({ title: t("Songs heard most"), ghosts: skeletonRows(8), load: () => api("GET", "/api/charts/top/?limit=100"), fill: ranked, done: shown }),
  ];
  return {
    title: t("Charts"),
    element: make("div", { class: "lib-view" }, heading(t("Charts")), ...parts.map(({ element }) => element)),
    ready: Promise.all(parts.map(({ ready }) => ready)),
    shown,
    dispose: () => lists.forEach((list) => list.dispose()),
  };
}

/** @param {any} ctx */
export function genresView({ api }) {
  const body = make("div", {}, skeletonTiles(8));
  const fill = (genres) => [
    genres.length > 0
      ? make("div", { class: "genre-tiles" }, ...genres.map(genreTile))
      : empty({ title: t("No genres are known here"), text: t("They come from the tags of the music, and from other catalogues."), actions: [make("a", { class: "button", href: "/library/charts" }, t("See what is heard most"))] }),
  ];
  const ready = filled(body, { load: () => api("GET", "/api/catalogue/genres/"), fill });
  return { title: t("Genres"), element: make("div", { class: "lib-view" }, heading(t("Genres")), body), ready };
}
