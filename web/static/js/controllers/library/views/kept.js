/** Favourites, and what was heard: long lists that are fetched as they are looked at. */
import { make } from "../../../helpers/dom.js";
import { confirm } from "../../../helpers/dialog.js";
import { Paged } from "../../../models/library/paged.js";
import { heardAt, songs as songCount } from "../../../models/library/say.js";
import { ofKept } from "../../../models/library/song.js";
import { t, tn } from "../../../models/words.js";
import { makeList } from "../list.js";
import { songRow } from "../rows.js";
import { empty, faulty, skeletonRows } from "../states.js";
import { action, heading, shownList } from "./view.js";

/**
 * @param {any} ctx
 * @param {{title: string, load: (offset: number, limit: number) => Promise<{items: object[], count: number}>, row: Function,
 *   head: (count: number) => Node[], nothing: () => HTMLElement}} parts
 */
function longView(ctx, { title, load, row, head, nothing }) {
  const top = heading(title);
  const body = make("div", {}, skeletonRows(8));
  let shownBefore = false;
  const paged = new Paged({ load, changed: render, failed: (fault) => (shownBefore ? ctx.say.fault(fault) : body.replaceChildren(faulty(fault, begin))) });
  const list = makeList({
    label: title,
    count: () => paged.count ?? 0,
    at: (index) => paged.at(index),
    keyOf: (item) => String(item.id),
    create: (item) => row(item, paged),
    need: (from, to) => paged.need(from, to),
  });

  function render() {
    if (paged.count === null) return;
    if (!shownBefore || paged.count === 0) {
      shownBefore = paged.count > 0;
      top.replaceChildren(top.firstElementChild, ...head(paged.count));
      body.replaceChildren(paged.count > 0 ? list.element : nothing());
    }
    shownList(ctx, list);
  }

  function begin() {
    paged.again();
    return paged.need(0, 1);
  }
  const view = { title, element: make("div", { class: "lib-view" }, top, body), ready: begin(), shown: () => shownList(ctx, list), dispose: list.dispose };
  return { view, paged };
}

/** @param {any} ctx */
export function favouritesView(ctx) {
  const { api, play } = ctx;
  let counting = null;
  const { view } = longView(ctx, {
    title: t("Favourites"),
    async load(offset, limit) {
      // All ids are told at once: that they are so many is asked with the first part only.
      counting ??= api("GET", "/api/playlists/favorites/ids/");
      try {
        const [items, { count }] = await Promise.all([api("GET", `/api/playlists/favorites/?limit=${limit}&offset=${offset}`), counting]);
        return { items, count };
      } catch (fault) {
        counting = null;
        throw fault;
      }
    },
    row: (item, paged) => {
      const song = ofKept(item);
      return songRow(song, { ctx, play: () => play.all(paged.known.map(ofKept), { from: paged.known.indexOf(item) }) });
    },
    head: (count) => (count === 0 ? [] : [make("p", { class: "dim" }, songCount(count)), make("p", { class: "lib-actions" }, action("play", t("Play"), playAll, { primary: true }), action("shuffle", t("Shuffle"), shuffle))]),
    nothing: () =>
      empty({
        symbol: "heart",
        title: t("No favourites yet"),
        text: t("Tap the heart of a song, here or in any room, and it stands here. What you may like goes by it, too."),
        actions: [make("a", { class: "button primary", href: "/library/" }, t("Find something you like"))],
      }),
  });

  async function playAll() {
    const all = await api("GET", "/api/playlists/favorites/?limit=500").catch(ctx.say.fault);
    if (all) play.all(all.map(ofKept));
  }
  async function shuffle() {
    const all = await api("GET", "/api/playlists/favorites/?limit=10000").catch(ctx.say.fault);
    if (all) play.ids(all.filter(({ playable }) => playable).map(({ track_id: id }) => id));
  }
  return view;
}

/** @param {any} ctx */
export function historyView(ctx) {
  const { api, say, play } = ctx;
  const { view } = longView(ctx, {
    title: t("History"),
    async load(offset, limit) {
      const { history, count } = await api("GET", `/api/playlists/queue/history/?limit=${limit}&offset=${offset}`);
      return { items: history, count };
    },
    row: (item) => {
      const song = ofKept(item);
      return songRow(song, { ctx, play: () => play.song(song), time: heardAt(item.played_at), note: item.ended === "skipped" ? t("skipped") : "" });
    },
    head: (count) =>
      count === 0
        ? []
        : [make("p", { class: "dim" }, tn("{n} song, in all rooms", "{n} songs, in all rooms", count)), make("p", { class: "lib-actions" }, action("trash", t("Clear the history"), clear))],
    nothing: () =>
      empty({
        symbol: "history",
        title: t("Nothing heard yet"),
        text: t("What you hear here and in rooms stands here, for you alone, for two years."),
        actions: [make("a", { class: "button primary", href: "/library/" }, t("Find something to hear"))],
      }),
  });

  async function clear() {
    const text = t("All of it goes, for good, and what you may like is found without it.");
    if (!(await confirm({ title: t("Clear your history?"), text, yes: t("Clear it") }))) return;
    try {
      await api("DELETE", "/api/playlists/queue/history/");
      ctx.changed();
      ctx.router.reload();
      say.note(t("Your history is empty."));
    } catch (fault) {
      say.fault(fault);
    }
  }
  return view;
}
