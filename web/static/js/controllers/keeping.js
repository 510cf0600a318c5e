/** Keeping a room's music: its queue, or what was played in it, becomes a playlist of one's own. */
import { keepable } from "../models/library.js";
import { t, tn } from "../models/words.js";
import { find } from "../helpers/dom.js";
import { onSubmit } from "../helpers/forms.js";
import { toast } from "../helpers/toast.js";

const PLAYLISTS = "/api/playlists";
/** Songs that one request may add. */
const AT_ONCE = 100;

export function bindKeeping({ client, api, code }) {
  const dialog = find("#keeping");
  const form = find("#keeping-form");

  find("#keep").addEventListener("click", () => {
    form.elements.name.value = client.state?.name ?? "";
    form.elements.name.select();
  });

  onSubmit(form, async ({ name, what }) => {
    const said = what === "played" ? await keepPlayed(name) : await keepQueue(name);
    dialog.close();
    toast(said);
  });

  async function keepPlayed(name) {
    const { track_count: count } = await api("POST", `${PLAYLISTS}/from-room/`, { body: { room: code, name } });
    return tn("Kept {n} song as {name}.", "Kept {n} songs as {name}.", count, { name });
  }

  async function keepQueue(name) {
    const ids = client.state.queue.map(({ track }) => keepable(track));
    const known = ids.filter(Boolean);
    if (known.length === 0) throw new Error(t("Only links are in this queue, and those cannot be kept."));
    const { id } = await api("POST", `${PLAYLISTS}/playlists/`, { body: { name } });
    for (let from = 0; from < known.length; from += AT_ONCE) {
      await api("POST", `${PLAYLISTS}/playlists/${id}/add_tracks/`, { body: { tracks: known.slice(from, from + AT_ONCE) } });
    }
    const kept = tn("Kept {n} song as {name}.", "Kept {n} songs as {name}.", known.length, { name });
    const lost = ids.length - known.length;
    return lost > 0 ? `${kept} ${tn("{n} link could not be kept.", "{n} links could not be kept.", lost)}` : kept;
  }
}
