/** A song's row: play it, keep it, and everything else in its menu. */
import { clockTime } from "../../models/format.js";
import { albumAt, artistAt } from "../../models/library/routes.js";
import { paintCover } from "../../helpers/cover.js";
import { findAll, icon, make, setLabel } from "../../helpers/dom.js";
import { t } from "../../models/words.js";

const COARSE = matchMedia("(pointer: coarse)");

/**
 * @param {import("../../models/library/song.js").Song} song
 * @param {{ctx: any, play: () => void, more?: () => object[], number?: number, time?: string, grip?: boolean, note?: string,
 *   hide?: "artist" | "album"}} how
 *   `more`: what the menu has besides; `time`: in place of the song's length; `note`: said before who it is by; `hide`: what the
 *   whole list has in common
 */
export function songRow(song, { ctx, play, more = () => [], number, time, grip = false, note = "", hide }) {
  const label = !song.playable ? t("{title} cannot be played here", { title: song.title }) : named(t("Play {title}", { title: song.title }), song.artist);
  const button = make("button", { type: "button", class: "song-play", "aria-label": label, title: song.playable ? false : label, onclick: play }, pictureOf(song, number));
  button.disabled = !song.playable;
  const menu = make("button", { type: "button", class: "button quiet icon-only song-more", "aria-haspopup": "dialog" }, icon("more"));
  setLabel(menu, t("More about {title}", { title: song.title }));
  menu.addEventListener("click", () => ctx.songMenu(song, menu, more()));
  const row = make(
    "li",
    { class: `song${song.playable ? "" : " is-silent"}${song.why ? " is-radio" : ""}`, "data-song": song.id },
    grip && make("span", { class: "grip", "aria-hidden": "true" }, icon("grip")),
    button,
    textOf(song, note, hide),
    make("span", { class: "song-time" }, time ?? (song.live ? t("Live") : song.ms ? clockTime(song.ms) : "")),
    make("span", { class: "song-actions" }, song.id && ctx.heart(song), menu),
  );
  bindRow(row, song, play, () => ctx.songMenu(song, menu, more()));
  ctx.player?.dress(row);
  return row;
}

/** A finger's tap plays what a mouse plays with two clicks; on links and buttons neither does. */
function bindRow(row, song, play, openMenu) {
  const on = (event) => !event.target.closest("a, button, .grip") && song.playable;
  row.addEventListener("click", (event) => COARSE.matches && on(event) && play());
  row.addEventListener("dblclick", (event) => !COARSE.matches && on(event) && play());
  row.addEventListener("contextmenu", (event) => {
    if (COARSE.matches || event.target.closest("a")) return;
    event.preventDefault();
    openMenu();
  });
}

function pictureOf(song, number) {
  const cover = make("span", { class: number === undefined ? "cover" : "cover is-numbered" }, number === undefined ? icon("note") : make("span", { class: "song-number" }, String(number)));
  if (number === undefined) paintCover(cover, song);
  const bars = make("span", { class: "bars", "aria-hidden": "true" }, make("i"), make("i"), make("i"));
  cover.append(make("span", { class: "play-mark", "aria-hidden": "true" }, icon("play"), bars));
  return cover;
}

function textOf(song, note, hide) {
  const linked = (part, id, at) => (hide === part ? "" : id && song[part] ? make("a", { href: at(id) }, song[part]) : song[part]);
  const artist = linked("artist", song.artistId, artistAt);
  const album = linked("album", song.albumId, albumAt);
  const parts = [note, !song.playable && t("Cannot be played here"), artist, song.why || album, song.from].filter(Boolean);
  const line = parts.flatMap((part, index) => (index ? [" · ", part] : [part]));
  return make("span", { class: "song-text" }, make("span", { class: "song-title", title: song.title }, song.title), make("span", { class: "song-by" }, ...line));
}

function named(text, artist) {
  return artist ? t("{what}, by {artist}", { what: text, artist }) : text;
}

/** Hearts: each says whether its song is a favourite, and turns it into one. */
export function bindHearts({ favourites, say }) {
  function show(button) {
    const on = favourites.has(button.dataset.song);
    button.setAttribute("aria-pressed", String(on));
    const { title } = button.dataset;
    setLabel(button, on ? t("Take {title} from your favourites", { title }) : t("Keep {title} among your favourites", { title }));
  }
  favourites.listen(() => findAll(".heart").forEach(show));

  async function turn(button) {
    const { song, title } = button.dataset;
    const on = !favourites.has(song);
    try {
      await favourites.set(song, on);
      say.news(on ? t("{title} is among your favourites.", { title }) : t("{title} is no favourite any more.", { title }));
    } catch (fault) {
      say.fault(fault);
    }
  }

  return {
    heart(song) {
      const button = make("button", { type: "button", class: "button quiet icon-only heart" }, icon("heart"));
      button.addEventListener("click", () => turn(button));
      Object.assign(button.dataset, { song: song.id, title: song.title });
      show(button);
      return button;
    },
    show,
    turn,
  };
}

/** Marks a row of the song that plays, and no other. @param {string | null} current @param {boolean} playing */
export function markRow(row, current, playing) {
  const is = current !== null && row.dataset.song === current;
  row.classList.toggle("is-current", is);
  row.classList.toggle("is-playing", is && playing);
  if (is) row.setAttribute("aria-current", "true");
  else row.removeAttribute("aria-current");
}
