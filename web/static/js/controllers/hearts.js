/** One's favourites: known once, marked wherever a song is shown, and changed with one tap. */
import { icon, make, setLabel } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";
import { t } from "../models/words.js";

const PATH = "/api/playlists/favorites";

export function bindHearts({ api }) {
  let known = null;
  /** Everywhere that a song stands: a heart given in one place shows in all. @type {Map<string, Set<HTMLElement>>} */
  const buttons = new Map();

  async function ids() {
    known ??= api("GET", `${PATH}/ids/`).then(({ track_ids: all }) => new Set(all)).catch(() => (known = null));
    return (await known) ?? new Set();
  }

  function show(button, song, liked) {
    button.setAttribute("aria-pressed", String(liked));
    setLabel(button, liked ? t("Take {title} from your favourites", song) : t("Keep {title} among your favourites", song));
  }

  function showAll(song, liked) {
    const all = buttons.get(song.id) ?? new Set();
    for (const each of all) {
      if (each.isConnected) show(each, song, liked);
      else all.delete(each);
    }
  }

  async function turn(button, song) {
    const liked = button.getAttribute("aria-pressed") !== "true";
    showAll(song, liked);
    try {
      if (liked) await api("POST", `${PATH}/add/`, { body: { track_id: song.id } });
      else await api("DELETE", `${PATH}/remove/?track_id=${encodeURIComponent(song.id)}`);
      const all = await ids();
      if (liked) all.add(song.id);
      else all.delete(song.id);
    } catch (fault) {
      showAll(song, !liked);
      toast(fault.message, { kind: "bad" });
    }
  }

  /** The button of a song. */
  return function heart(song) {
    const button = make("button", { type: "button", class: "button quiet icon-only heart" }, icon("heart"));
    button.addEventListener("click", () => turn(button, song));
    show(button, song, false);
    buttons.set(song.id, (buttons.get(song.id) ?? new Set()).add(button));
    ids().then((all) => show(button, song, all.has(song.id)));
    return button;
  };
}
