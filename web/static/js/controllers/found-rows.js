/** Rows of what was found: a song that can be added or asked for, or a playlist that can be opened. */
import { clockTime } from "../models/format.js";
import { lineOf } from "../models/library.js";
import { paintCover } from "../helpers/cover.js";
import { icon, make } from "../helpers/dom.js";

/** @param {any} song @param {{heart?: Function, verb: string, run: (button: HTMLElement) => void}} how */
export function songRow(song, { heart, verb, run }) {
  const button = make("button", { type: "button", class: "button small", "aria-label": `${verb} ${song.title}` }, verb);
  button.addEventListener("click", () => run(button));
  button.disabled = !song.playable;
  if (!song.playable) button.title = "This cannot be played here.";
  const time = song.duration_ms ? clockTime(song.duration_ms) : "";
  return row({ title: song.title, line: lineOf(song), cover: song.cover, time }, heart?.(song), button);
}

export function playlistRow(playlist, run) {
  const button = make("button", { type: "button", class: "button small", "aria-label": `Open ${playlist.name}`, onclick: run }, "Open");
  return row({ title: playlist.name, line: playlist.line, cover: playlist.cover, symbol: "queue" }, button);
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
