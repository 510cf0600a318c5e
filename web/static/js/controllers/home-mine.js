/** One's own rooms, and one's own queue where it stopped. */
import { waitingRooms } from "../client/outbox.js";
import { ago, bySoonest, othersIn } from "../models/room-list.js";
import { listed, locale, t, tn } from "../models/words.js";
import { paintCover } from "../helpers/cover.js";
import { confirm } from "../helpers/dialog.js";
import { find, icon, make, reconcile, setLabel, setText } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";
import { makeCard, updateCard } from "./room-card.js";

const AGAIN_MS = 20_000;
const SHOWN = 12;
const NAMED = 3;
/** The list as it was last, so that the page does not move under whoever comes back to it. */
const KEY = "roomd.rooms";

export function bindMine({ session, api }) {
  const section = find("#mine");
  const list = find("#my-rooms");
  const goOn = find("#go-on");
  const spans = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  let rooms = [];

  /** `order`: as the server has it by now; otherwise nothing moves. */
  async function look({ order = true } = {}) {
    if (!session.user) {
      show([]);
      goOn.hidden = true;
      return;
    }
    const latest = await api("GET", "/rooms/api/rooms/").catch(() => null);
    if (!latest) return;
    const sorted = bySoonest(latest).slice(0, SHOWN);
    const places = new Map(rooms.map(({ code }, place) => [code, place]));
    show(order ? sorted : sorted.sort((a, b) => (places.get(a.code) ?? SHOWN) - (places.get(b.code) ?? SHOWN)));
    sessionStorage.setItem(KEY, JSON.stringify({ user: session.user.id, rooms }));
    if (order) await lookAtQueue(latest);
  }

  /** What this tab has seen before, until the server has answered. */
  function remember() {
    const last = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    if (session.user && last?.user === session.user.id) show(last.rooms);
  }

  function show(latest) {
    rooms = latest;
    reconcile(list, rooms, ({ code }) => code, makeItem, updateItem);
    section.hidden = rooms.length === 0 && goOn.hidden;
    document.body.classList.toggle("is-known", !section.hidden);
    if (find("#first")) find("#first").hidden = !section.hidden;
  }

  /** One's queue is made when it is first touched, so only who has heard something outside of these rooms is asked about. */
  async function lookAtQueue(latest) {
    const here = new Set(latest.map(({ id }) => id));
    const { history } = await api("GET", "/api/playlists/queue/history/?limit=20").catch(() => ({ history: [] }));
    if (!history.some(({ room_id }) => !here.has(room_id))) return;
    const queue = await api("GET", "/api/playlists/queue/").catch(() => null);
    if (!queue?.current_track_id) return;
    const track = await api("GET", "/api/playlists/queue/current/").catch(() => null);
    if (!track) return;
    paintCover(find(".cover", goOn), { title: track.track_title, cover: track.album_cover });
    setText(find("strong", goOn), track.track_title);
    setText(find(".room-card-song", goOn), track.artist_name ?? "");
    goOn.hidden = false;
    show(rooms);
  }

  function makeItem() {
    const leave = make("button", { type: "button", class: "button quiet icon-only room-leave" }, icon("leave"));
    const item = make("li", { class: "my-room" }, makeCard(), leave);
    leave.addEventListener("click", () => leaveRoom(item.dataset.key));
    return item;
  }

  function updateItem(item, room) {
    const card = find(".room-card", item);
    const waits = waitingRooms(localStorage).find(({ room: code }) => code === room.code)?.count ?? 0;
    updateCard(card, room, waits ? `${people(room)} · ${tn("{n} thing to send", "{n} things to send", waits)}` : people(room));
    item.classList.toggle("is-asleep", room.online_count === 0);
    setLabel(find(".room-leave", item), t("Leave {room}", { room: room.name }));
  }

  function people(room) {
    const there = othersIn(room, session.user?.id);
    if (there.length > NAMED) return t("Live · {names} and more", { names: there.slice(0, NAMED).join(t(", ")) });
    if (there.length > 0) return t("Live · {names}", { names: listed(there) });
    if (room.online_count > 0) return t("Live · you, on another page");
    const since = ago(Date.parse(room.last_activity), Date.now());
    return since ? t("Nobody there · last used {when}", { when: spans.format(...since) }) : t("Nobody there · used a moment ago");
  }

  async function leaveRoom(code) {
    const room = rooms.find((each) => each.code === code);
    const alone = room.participants.length === 1;
    const text = alone ? t("You are the only one in it, so the room closes for good.") : tn("{n} other person stays in it.", "{n} other people stay in it.", room.participants.length - 1);
    if (!(await confirm({ title: t("Leave {room}?", { room: room.name }), text, yes: t("Leave") }))) return;
    try {
      await api("POST", `/rooms/api/rooms/${code}/leave/`, { body: {} });
      show(rooms.filter((each) => each.code !== code));
      find("#mine-title").focus();
      toast(t("You left {room}.", { room: room.name }));
    } catch (fault) {
      toast(fault.message, { kind: "bad" });
    }
  }

  setInterval(() => document.visibilityState === "visible" && look({ order: false }), AGAIN_MS);
  remember();
  addEventListener("pageshow", ({ persisted }) => persisted && look());
  return { look };
}
