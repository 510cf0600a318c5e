/** A room on a list, as home.html writes it too. */
import { whatPlays } from "../models/room-list.js";
import { t } from "../models/words.js";
import { paintCover } from "../helpers/cover.js";
import { find, icon, make, setText } from "../helpers/dom.js";

export function makeCard() {
  const bars = make("span", { class: "bars", "aria-hidden": "true" }, make("i"), make("i"), make("i"));
  const playing = make("span", { class: "visually-hidden playing" }, t("Playing:"), " ");
  const song = make("span", { class: "room-card-song" }, bars, playing, make("span", { class: "room-card-what" }));
  const text = make("span", { class: "room-card-text" }, make("strong"), song, make("span", { class: "room-card-people" }));
  return make("a", { class: "room-card" }, make("span", { class: "cover" }, icon("note")), text);
}

/** @param {any} card @param {import("../models/room-list.js").Listed} room @param {string} people who is there, in words */
export function updateCard(card, room, people) {
  card.href = `/r/${room.code}`;
  paintCover(find(".cover", card), room.current_song);
  setText(find("strong", card), room.name);
  find(".room-card-song", card).classList.toggle("is-playing", room.is_playing && room.online_count > 0);
  setText(find(".room-card-what", card), whatPlays(room) ?? t("Quiet for the moment"));
  setText(find(".room-card-people", card), people);
}
