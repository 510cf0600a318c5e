/** One's favourites: known once, marked wherever a song is shown, and changed with one tap. */
import { icon, make, setLabel } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";

const PATH = "/api/playlists/favorites";

export function bindHearts({ api }) {
  let known = null;

  async function ids() {
    known ??= api("GET", `${PATH}/ids/`).then(({ track_ids: all }) => new Set(all)).catch(() => (known = null));
    return (await known) ?? new Set();
  }

  function show(button, song, liked) {
    button.setAttribute("aria-pressed", String(liked));
    setLabel(button, `${liked ? "Take" : "Keep"} ${song.title} ${liked ? "from" : "among"} your favourites`);
  }

  async function turn(button, song) {
    const liked = button.getAttribute("aria-pressed") !== "true";
    show(button, song, liked);
    try {
      if (liked) await api("POST", `${PATH}/add/`, { body: { track_id: song.id } });
      else await api("DELETE", `${PATH}/remove/?track_id=${encodeURIComponent(song.id)}`);
      const all = await ids();
      if (liked) all.add(song.id);
      else all.delete(song.id);
    } catch (fault) {
      show(button, song, !liked);
      toast(fault.message, { kind: "bad" });
    }
  }

  /** The button of a song. */
  return function heart(song) {
    const button = make("button", { type: "button", class: "button quiet icon-only heart" }, icon("heart"));
    button.addEventListener("click", () => turn(button, song));
    show(button, song, false);
    ids().then((all) => show(button, song, all.has(song.id)));
    return button;
  };
}
