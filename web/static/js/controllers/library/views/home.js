/** The library's first view: where one was, what one may like, what is new, what is heard. */
import { make } from "../../../helpers/dom.js";
import { distinct, ofKept } from "../../../models/library/song.js";
import { t } from "../../../models/words.js";
import { empty, skeletonRows, skeletonTiles } from "../states.js";
import { albumTile, genreTile, grid, playlistTile, songTile } from "../tiles.js";
import { heading, section, songList, tracksOf } from "./view.js";

const LIKED = 12;
const HEARD = 50;
const HEARD_SHOWN = 6;
const CHARTED = 10;

/** @param {any} ctx */
export function homeView(ctx) {
  const { api, session, play } = ctx;
  const lists = [];

  function rows(songs, how) {
    const list = songList(ctx, songs, how);
    lists.push(list);
    return list.element;
  }
  const shown = () => lists.forEach((list) => list.shown());

  const parts = [
    section({
      title: t("Continue listening"),
      href: "/library/history",
      ghosts: skeletonRows(3),
      load: () => api("GET", `/api/playlists/queue/history/?limit=${HEARD}`),
      fill: ({ history }) => (history.length ? [rows(distinct(history.map(ofKept)).slice(0, HEARD_SHOWN), { label: t("Heard last") })] : []),
      done: shown,
    }),
    section({
      title: t("For you"),
      ghosts: skeletonTiles(6),
      load: () => api("GET", `/api/playlists/recommendations/?limit=${LIKED}`),
      fill: ({ recommendations }) => [recommendations.length > 0 ? grid(recommendations.map(ofKept).map((song) => songTile(song, () => play.recommended(song))), { row: true }) : unfilled()],
    }),
    section({
      title: t("Your playlists"),
      href: "/library/playlists",
      ghosts: skeletonTiles(3),
      load: () => api("GET", "/api/playlists/playlists/?me=true&limit=12"),
      fill: (all) => (all.length ? [grid([...all].sort((a, b) => Number(b.kind === "mood") - Number(a.kind === "mood")).map((each) => playlistTile(each)), { row: true })] : []),
    }),
    section({
      title: t("New here"),
      href: "/library/charts",
      ghosts: skeletonTiles(6),
      load: () => api("GET", "/api/charts/new-releases/?limit=12"),
      fill: ({ albums }) => (albums.length ? [grid(albums.map((each) => albumTile(each)), { row: true })] : []),
    }),
    section({
      title: t("Heard most"),
      href: "/library/charts",
      ghosts: skeletonRows(5),
      load: () => api("GET", `/api/charts/top/?limit=${CHARTED}`),
      fill: ({ tracks }) => (tracks.length ? [rows(tracksOf(tracks), { label: t("Heard most"), numbered: true })] : []),
      done: shown,
    }),
    section({
      title: t("Genres"),
      href: "/library/genres",
      ghosts: skeletonTiles(4),
      load: () => api("GET", "/api/catalogue/genres/"),
      fill: (genres) => (genres.length ? [make("div", { class: "genre-tiles" }, ...genres.slice(0, 12).map(genreTile))] : []),
    }),
  ];

  const name = session.user?.name ?? "";
  return {
    title: "",
    element: make("div", { class: "lib-view" }, heading(name ? t("Hello, {name}", { name }) : t("Library")), ...parts.map(({ element }) => element)),
    ready: Promise.all(parts.map(({ ready }) => ready)),
    shown,
    dispose: () => lists.forEach((list) => list.dispose()),
  };

  function unfilled() {
    const search = make("a", { class: "button", href: "/library/search" }, t("Look for music"));
    return empty({ title: t("There is no music here yet"), text: t("As soon as this server has some, it is offered here."), actions: [search] });
  }
}
