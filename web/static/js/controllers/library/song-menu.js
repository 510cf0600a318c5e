/** What can be done with any song, wherever it is shown. */
import { albumAt, artistAt } from "../../models/library/routes.js";
import { t } from "../../models/words.js";

/** @param {any} ctx */
export function bindSongMenu(ctx) {
  const { api, play, favourites, say } = ctx;

  /** Lists keep their songs' names only; where they belong is asked when somebody wants to go there. */
  async function goTo(song, part) {
    try {
      const { track } = await api("GET", `/api/catalogue/tracks/${encodeURIComponent(song.id)}/`);
      const id = track[part]?.id;
      if (id) ctx.router.go(part === "artist" ? artistAt(id) : albumAt(id));
      else say.note(part === "artist" ? t("Nobody knows more about this artist.") : t("Nobody knows which album this is from."));
    } catch (fault) {
      say.fault(fault);
    }
  }

  async function keep(song, on) {
    try {
      await favourites.set(song.id, on);
      say.note(on ? t("{title} is among your favourites.", { title: song.title }) : t("{title} is no favourite any more.", { title: song.title }));
    } catch (fault) {
      say.fault(fault);
    }
  }

  function place(song, part) {
    const known = part === "artist" ? song.artistId : song.albumId;
    const symbol = part === "artist" ? "people" : "album";
    const label = part === "artist" ? t("Go to the artist") : t("Go to the album");
    if (known) return { symbol, label, href: part === "artist" ? artistAt(known) : albumAt(known) };
    return song[part] ? { symbol, label, run: () => goTo(song, part) } : null;
  }

  /** @param {import("../../models/library/song.js").Song} song @param {HTMLElement} anchor @param {object[]} more */
  return function songMenu(song, anchor, more) {
    const kept = favourites.has(song.id);
    const playable = song.playable && song.id;
    const items = [
      playable && { symbol: "play", label: t("Play now"), run: () => play.song(song) },
      playable && { symbol: "play-next", label: t("Play next"), run: () => play.next(song) },
      playable && { symbol: "queue", label: t("Add to queue"), run: () => play.enqueue(song) },
      song.id && { symbol: "heart", label: kept ? t("Take from favourites") : t("Keep among favourites"), run: () => keep(song, !kept) },
      song.id && { symbol: "add-to", label: t("Add to a playlist"), run: () => ctx.toPlaylist([song]) },
      ...more,
      place(song, "artist"),
      place(song, "album"),
    ];
    ctx.openMenu(anchor, { title: song.title, line: song.artist, items });
  };
}
