/** Public rooms: the page comes with them, and looks again now and then without moving anything. */
import { steady } from "../models/room-list.js";
import { t, tn } from "../models/words.js";
import { paintCover } from "../helpers/cover.js";
import { find, findAll, make, reconcile } from "../helpers/dom.js";
import { makeCard, updateCard } from "./room-card.js";

const AGAIN_MS = 15_000;
/** As many as the server puts on the page. */
const SHOWN = 12;

export function bindOpenRooms({ request }) {
  const list = find("#open-rooms");
  let shown = findAll("li", list).map(({ dataset }) => ({ code: dataset.key }));
  for (const cover of findAll(".cover:not(.is-empty)", list)) paintCover(cover, { ...cover.dataset });

  async function look() {
    if (document.visibilityState !== "visible") return;
    // What could not be asked is asked again soon; the list is as it was.
    const answer = await request("GET", "/api/rooms/").catch(() => null);
    if (!answer) return;
    shown = steady(shown, answer.rooms, SHOWN);
    reconcile(list, shown, ({ code }) => code, () => make("li", {}, makeCard()), update);
    find("#open-empty").hidden = shown.length > 0;
  }

  function update(item, room) {
    const card = find(".room-card", item);
    item.classList.toggle("is-gone", room.gone === true);
    if (!room.gone) {
      const { online_count: n, host } = room;
      updateCard(card, room, n ? tn("{n} person here · hosted by {host}", "{n} people here · hosted by {host}", n, { host }) : t("Nobody there at the moment · hosted by {host}", { host }));
      return;
    }
    card.removeAttribute("href");
    find(".room-card-people", card).textContent = t("Over, or not public any more");
    find(".room-card-song", card).classList.remove("is-playing");
  }

  setInterval(look, AGAIN_MS);
  document.addEventListener("visibilitychange", look);
}
