/** "Add to a playlist": one's own, those changed last first, and a new one. */
import { find, icon, make, setText } from "../../helpers/dom.js";
import { open } from "../../helpers/dialog.js";
import { onSubmit } from "../../helpers/forms.js";
import { playlistAt } from "../../models/library/routes.js";
import { songs as songCount } from "../../models/library/say.js";
import { t } from "../../models/words.js";

const LISTS = "/api/playlists/playlists";
/** From so many playlists on there is a field to find one by its name. */
const MANY = 8;
/** Songs that are added at once. */
const LOT = 100;

/** @param {any} ctx */
export function bindPlaylistSheet(ctx) {
  const { api, say } = ctx;
  const dialog = find("#to-playlist");
  const list = find("ul", dialog);
  const filter = find("#playlist-filter");
  const form = find("form", dialog);
  let songs = [];
  let lists = [];

  function show() {
    const wanted = filter.value.trim().toLocaleLowerCase();
    const shown = lists.filter(({ name }) => name.toLocaleLowerCase().includes(wanted));
    list.replaceChildren(...shown.map(row));
  }

  function row(playlist) {
    const button = make("button", { type: "button", class: "menu-item", onclick: () => add(playlist) });
    button.append(icon("playlist"), make("span", {}, playlist.name, make("small", {}, songCount(playlist.track_count))));
    return make("li", {}, button);
  }

  async function add({ id, name }) {
    dialog.close();
    try {
      const missing = await put(id);
      const added = songs.length - missing;
      const what = songs.length === 1 ? t("{title} is in {playlist} now.", { title: songs[0].title, playlist: name }) : t("Added to {playlist}: {songs}", { playlist: name, songs: songCount(added) });
      say.note(what, { label: t("Open"), run: () => ctx.router.go(playlistAt(id)) });
      ctx.changed();
    } catch (fault) {
      say.fault(fault);
    }
  }

  /** @returns {Promise<number>} how many cannot be had */
  async function put(id) {
    if (songs.length === 1) {
      await api("POST", `${LISTS}/${id}/add_track/`, { body: { track_id: songs[0].id } });
      return 0;
    }
    let missing = 0;
    for (let at = 0; at < songs.length; at += LOT) {
      const body = { tracks: songs.slice(at, at + LOT).map((song) => song.id) };
      missing += (await api("POST", `${LISTS}/${id}/add_tracks/`, { body })).not_found.length;
    }
    return missing;
  }

  onSubmit(form, async ({ name }) => {
    if (!name.trim()) throw Object.assign(new Error(t("Give the playlist a name.")), { fields: { name: "" } });
    await add(await api("POST", `${LISTS}/`, { body: { name: name.trim() } }));
    form.reset();
  });
  filter.addEventListener("input", show);

  /** @param {import("../../models/library/song.js").Song[]} given */
  return async function choose(given) {
    songs = given;
    setText(find("#to-playlist-what"), given.length === 1 ? given[0].title : songCount(given.length));
    list.replaceChildren();
    filter.value = "";
    open(dialog);
    try {
      lists = (await api("GET", `${LISTS}/?me=true&limit=500`)).filter(({ kind }) => kind !== "mood");
    } catch (fault) {
      dialog.close();
      say.fault(fault);
      return;
    }
    filter.parentElement.hidden = lists.length < MANY;
    show();
    (find("button", list) ?? form.elements.name).focus();
  };
}
