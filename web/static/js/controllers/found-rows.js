/** Rows of what was found: a song that can be added or asked for, or a playlist that can be opened. */
import { clockTime } from "../models/format.js";
import { lineOf } from "../models/library.js";
import { t } from "../models/words.js";
import { paintCover } from "../helpers/cover.js";
import { icon, make } from "../helpers/dom.js";

/** `asks`: whoever may not add. @param {any} song @param {{heart?: Function, asks?: boolean, run: (button: HTMLElement) => void}} how */
export function songRow(song, { heart, asks = false, run }) {
  const { title } = song;
  const label = asks ? t("Ask for {title}", { title }) : t("Add {title}", { title });
  const button = make("button", { type: "button", class: "button small take", "aria-label": label }, asks ? t("Ask") : t("Add"));
  button.addEventListener("click", () => run(button));
  button.disabled = !song.playable;
  if (!song.playable) button.title = t("This cannot be played here.");
  const time = song.ms ? clockTime(song.ms) : "";
  return row({ title: song.title, line: lineOf(song), cover: song.cover, time }, heart?.(song), button);
}

/** `all`: adds the whole of it, where one may. @param {any} playlist @param {{open: () => void, all: ((button: HTMLElement) => void) | null}} how */
export function playlistRow(playlist, { open, all }) {
  const { name } = playlist;
  const button = make("button", { type: "button", class: "button quiet small", "aria-label": t("Open {name}", { name }), onclick: open }, t("Open"));
  const whole = all && make("button", { type: "button", class: "button small take", "aria-label": t("Add all songs of {name}", { name }) }, t("Add all"));
  whole?.addEventListener("click", () => all(whole));
  return row({ title: name, line: playlist.line, cover: playlist.cover, symbol: "queue" }, button, whole);
}

function row({ title, line, cover, time = "", symbol = "note" }, ...actions) {
  const picture = make("span", { class: "cover" }, icon(symbol));
  paintCover(picture, { title, cover });
  return make(
    "li",
    { class: "track" },
    picture,
    make("span", { class: "track-text" }, make("span", { class: "track-title" }, title), make("span", { class: "track-by" }, line)),
    make("span", { class: "track-time" }, time),
    make("span", { class: "track-actions" }, ...actions),
  );
}
