/** One's playlists, those made for one today, and those that others have opened to everybody. */
import { make } from "../../../helpers/dom.js";
import { t } from "../../../models/words.js";
import { empty, skeletonTiles } from "../states.js";
import { grid, playlistTile } from "../tiles.js";
import { action, filled, heading } from "./view.js";

const MOST = 500;

/** @param {any} ctx */
export function playlistsView(ctx) {
  const { api, session, playlistForm } = ctx;
  const body = make("div", {}, skeletonTiles(6));
  const actions = make("p", { class: "lib-actions" }, action("plus", t("New playlist"), playlistForm.make, { primary: true }), action("import", t("Import a file"), playlistForm.bring));

  function fill(all) {
    const me = session.user?.id;
    const own = all.filter(({ owner, kind }) => owner === me && kind !== "mood");
    const moods = all.filter(({ owner, kind }) => owner === me && kind === "mood");
    const others = all.filter(({ owner }) => owner !== me);
    return [
      moods.length > 0 && part(t("Made for you today"), grid(moods.map((each) => playlistTile(each)))),
      part(t("Your playlists"), own.length > 0 ? grid(own.map((each) => playlistTile(each))) : none()),
      others.length > 0 && part(t("From others here"), grid(others.map((each) => playlistTile(each, { owner: true })))),
    ];
  }

  function none() {
    return empty({
      symbol: "playlist",
      title: t("No playlists yet"),
      text: t("Make one, have one made from a genre, or bring one along as a file: M3U, XSPF or JSPF."),
      actions: [make("a", { class: "button", href: "/library/genres" }, t("From a genre"))],
    });
  }

  const part = (title, node) => make("section", { class: "lib-part", "aria-label": title }, make("h2", {}, title), node);
  const ready = filled(body, { load: () => api("GET", `/api/playlists/playlists/?limit=${MOST}`), fill });
  return { title: t("Playlists"), element: make("div", { class: "lib-view" }, heading(t("Playlists"), actions), body), ready };
}
