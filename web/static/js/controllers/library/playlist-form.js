/** A playlist's own data: its name, what it is about, who sees it, its picture; also for a new one, and for a file of one. */
import { find, make, setText } from "../../helpers/dom.js";
import { open } from "../../helpers/dialog.js";
import { onSubmit } from "../../helpers/forms.js";
import { playlistAt } from "../../models/library/routes.js";
import { songs as songCount } from "../../models/library/say.js";
import { dotted, t, tn } from "../../models/words.js";

const LISTS = "/api/playlists/playlists";
/** Songs that were not found are named up to here. */
const NAMED = 50;

/** @param {any} ctx */
export function bindPlaylistForm(ctx) {
  const { api, say, files } = ctx;
  const dialog = find("#playlist-form");
  const form = find("form", dialog);
  const picture = find("#cover-file");
  const opened = find("#import-file");
  let playlist = null;
  /** @type {(changed: object) => void} */
  let saved = () => {};

  onSubmit(form, async ({ name, description, public: shared }) => {
    if (!name.trim()) throw Object.assign(new Error(t("Give the playlist a name.")), { fields: { name: "" } });
    const body = { name: name.trim(), description: description.trim(), is_public: Boolean(shared) };
    const answer = playlist ? await api("PATCH", `${LISTS}/${playlist.id}/`, { body }) : await api("POST", `${LISTS}/`, { body });
    ctx.changed();
    dialog.close();
    saved(answer);
  });

  function edit(given, then) {
    playlist = given;
    saved = then;
    form.reset();
    find(".form-error", form).hidden = true;
    setText(find("h2", dialog), given ? t("About this playlist") : t("A new playlist"));
    form.elements.name.value = given?.name ?? "";
    form.elements.description.value = given?.description ?? "";
    form.elements.public.checked = given?.is_public ?? false;
    open(dialog);
    form.elements.name.focus();
  }

  picture.addEventListener("change", async () => {
    const [file] = picture.files;
    picture.value = "";
    if (!file || !playlist) return;
    try {
      const { cover_url: cover } = await files.upload(`${LISTS}/${playlist.id}/upload-cover/`, { cover_image: file });
      ctx.changed();
      saved({ ...playlist, cover_image: cover });
    } catch (fault) {
      say.fault(fault);
    }
  });

  opened.addEventListener("change", async () => {
    const [file] = opened.files;
    opened.value = "";
    if (!file) return;
    say.note(t("Looking for its songs …"));
    try {
      const name = file.name.replace(/\.[^.]+$/, "");
      const made = await api("POST", "/api/playlists/import/", { body: { text: await file.text(), ...(name && { name }) } });
      ctx.changed();
      ctx.router.go(playlistAt(made.id));
      tell(made);
    } catch (fault) {
      say.fault(fault);
    }
  });

  /** What a file had that is not to be had here. */
  function tell({ added_count: added, total, not_found: missing }) {
    if (missing.length === 0) {
      say.note(t("All there: {songs}", { songs: songCount(added) }));
      return;
    }
    const result = find("#import-result");
    setText(find("p", result), t("{n} of {songs} were found. These were not:", { n: added, songs: songCount(total) }));
    const lines = missing.slice(0, NAMED).map(({ title, artist, location }) => make("li", {}, dotted([title || location, artist])));
    if (missing.length > NAMED) lines.push(make("li", { class: "dim" }, tn("and {n} more", "and {n} more", missing.length - NAMED)));
    find("ul", result).replaceChildren(...lines);
    open(result);
  }

  return {
    make: () => edit(null, ({ id }) => ctx.router.go(playlistAt(id))),
    edit,
    /** @param {object} given @param {(changed: object) => void} then */
    cover(given, then) {
      playlist = given;
      saved = then;
      picture.click();
    },
    bring: () => opened.click(),
  };
}
