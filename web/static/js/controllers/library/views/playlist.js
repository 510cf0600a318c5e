/** One playlist: played, put in order, shared; of a long one the songs come as they are looked at. */
import { confirm } from "../../../helpers/dialog.js";
import { make } from "../../../helpers/dom.js";
import { Paged } from "../../../models/library/paged.js";
import { playlistAt } from "../../../models/library/routes.js";
import { duration, songs as songCount } from "../../../models/library/say.js";
import { ofKept } from "../../../models/library/song.js";
import { playlistWords } from "../../../models/reasons.js";
import { t } from "../../../models/words.js";
import { makeList } from "../list.js";
import { songRow } from "../rows.js";
import { empty, faulty, skeletonRows } from "../states.js";
import { mosaic } from "../tiles.js";
import { hero } from "./collection.js";
import { action, heading, shownList } from "./view.js";

const LISTS = "/api/playlists/playlists";
const FORMATS = ["m3u", "xspf", "jspf"];

/** @param {any} ctx */
export function playlistView(ctx, { id }) {
  const { api, play, say, router, session } = ctx;
  const path = `${LISTS}/${encodeURIComponent(id)}`;
  const element = make("div", { class: "lib-view" }, heading(t("One moment …")), skeletonRows(6));
  const view = { title: t("Playlist"), element, shown: () => shownList(ctx, list), dispose: () => list.dispose() };
  let about = null;
  let mine = false;

  const paged = new Paged({ load, changed: renderList, failed: (fault) => (about ? say.fault(fault) : element.replaceChildren(faulty(fault, begin))) });
  const list = makeList({
    label: t("Songs of this playlist"),
    count: () => paged.count ?? 0,
    at: (index) => paged.at(index),
    keyOf: (entry) => String(entry.id),
    create: row,
    need: (from, to) => paged.need(from, to),
    move: (from, to) => mine && move(from, to),
  });

  async function load(offset, limit) {
    const { tracks, ...playlist } = await api("GET", `${path}/?limit=${limit}&offset=${offset}`);
    if (!about) renderHead(playlist);
    return { items: tracks, count: playlist.track_count };
  }

  function row(entry) {
    const song = ofKept(entry);
    return songRow(song, { ctx, grip: mine, play: () => play.playlist(about.id, { position: paged.indexOf(entry) }), more: () => (mine ? places(entry, song) : []) });
  }

  function places(entry, song) {
    const at = () => paged.indexOf(entry);
    const shift = (symbol, label, to) => ({ symbol, label, stays: true, run: () => to() >= 0 && to() < paged.count && move(at(), to()) });
    return [
      shift("up", t("Move up"), () => at() - 1),
      shift("down", t("Move down"), () => at() + 1),
      { symbol: "up", label: t("Move to the top"), run: () => move(at(), 0) },
      { symbol: "close", label: t("Remove from the playlist"), run: () => remove(entry, song) },
    ];
  }

  /** Shows at once; what the server refuses is taken back. */
  async function move(from, to) {
    const entry = paged.at(from);
    if (!entry || from === to) return;
    const row = list.element.querySelector(`[data-index="${from}"]`);
    const held = row?.contains(document.activeElement) ? document.activeElement.className : "";
    paged.move(from, to);
    if (held) list.focus(to, `.${held.trim().split(/\s+/).at(-1)}`);
    say.news(t("{title} is number {n} now.", { title: entry.track_title, n: to + 1 }));
    try {
      await api("POST", `${path}/move_track/`, { body: { track: entry.id, position: to } });
      ctx.changed();
    } catch (fault) {
      paged.move(to, from);
      say.fault(fault);
    }
  }

  async function remove(entry, song) {
    const at = paged.indexOf(entry);
    paged.remove(at);
    if (paged.count > 0) list.focus(Math.min(at, paged.count - 1), ".song-more");
    try {
      await api("DELETE", `${path}/remove_track/?entry_id=${encodeURIComponent(entry.id)}`);
      counted(-1, entry);
      say.note(t("Removed {title}.", { title: song.title }), { label: t("Undo"), run: () => putBack(entry, at) });
    } catch (fault) {
      paged.insert(at, entry);
      say.fault(fault);
    }
  }

  async function putBack(entry, at) {
    try {
      const { track_info: added } = await api("POST", `${path}/add_track/`, { body: { track_id: entry.track_id } });
      const place = Math.min(at, paged.count);
      await api("POST", `${path}/move_track/`, { body: { track: added.id, position: place } });
      paged.insert(place, { ...entry, ...added });
      counted(1, entry);
    } catch (fault) {
      say.fault(fault);
    }
  }

  function counted(by, { duration: seconds }) {
    ctx.changed();
    renderHead({ ...about, track_count: about.track_count + by, duration: about.duration + by * seconds });
    renderList();
  }

  async function attempt(run) {
    try {
      await run();
    } catch (fault) {
      say.fault(fault);
    }
  }

  const copy = () =>
    attempt(async () => {
      const made = await api("POST", `${path}/copy/`, { body: {} });
      ctx.changed();
      router.go(playlistAt(made.id));
      say.note(t("This copy is yours.", {}));
    });

  const forget = () =>
    attempt(async () => {
      const text = t("“{name}” goes for good; its songs stay where they are.", { name: about.name });
      if (!(await confirm({ title: t("Delete this playlist?"), text, yes: t("Delete it") }))) return;
      await api("DELETE", `${path}/`);
      ctx.changed();
      router.go("/library/playlists", { replace: true });
      say.note(t("The playlist is gone."));
    });

  const dropCover = () =>
    attempt(async () => {
      await api("DELETE", `${path}/upload-cover/`);
      ctx.changed();
      router.reload();
    });

  async function share() {
    const url = `${location.origin}${playlistAt(about.id)}`;
    try {
      if (navigator.share) await navigator.share({ title: about.name, url });
      else {
        await navigator.clipboard.writeText(url);
        say.note(t("The link is copied."));
      }
    } catch (fault) {
      if (fault.name !== "AbortError") say.note(t("The link is {url}", { url }));
    }
  }

  function more(anchor) {
    const renew = (changed) => renderHead({ ...about, ...changed });
    const own = mine
      ? [
          { symbol: "edit", label: t("Name, description, who sees it"), run: () => ctx.playlistForm.edit(about, renew) },
          { symbol: "picture", label: t("Upload a picture"), run: () => ctx.playlistForm.cover(about, renew) },
          about.cover_image.startsWith("/uploads/") && { symbol: "close", label: t("Remove the picture"), run: dropCover },
        ]
      : [];
    const exported = (format) => ({ symbol: "export", label: t("Export as {format}", { format: format.toUpperCase() }), run: () => attempt(() => ctx.files.save(`${path}/export/?format=${format}`, `${about.name}.${format}`)) });
    const items = [
      ...own,
      about.is_public && { symbol: "share", label: t("Share the link"), run: share },
      { symbol: "copy", label: t("Make a copy of my own"), run: copy },
      ...FORMATS.map(exported),
      mine && { symbol: "trash", label: t("Delete"), danger: true, run: forget },
    ];
    ctx.openMenu(anchor, { title: about.name, line: songCount(about.track_count), items });
  }

  function renderHead(playlist) {
    about = playlist;
    mine = playlist.owner === session.user?.id;
    const covers = [...new Set(playlist.covers ?? [])];
    const own = playlist.cover_image?.startsWith("/uploads/");
    const button = action("more", t("More"), () => more(button));
    button.setAttribute("aria-haspopup", "dialog");
    const full = playlist.track_count > 0;
    const [named, words] = [playlist.name, playlist.description].map((text) => playlistWords(playlist.kind, text));
    const kinds = { mood: t("Made for you today"), genre: t("Playlist from a genre"), own: t("Playlist") };
    const lines = [!mine && playlist.owner_name && t("by {name}", { name: playlist.owner_name }), songCount(playlist.track_count), playlist.duration > 0 && duration(playlist.duration), playlist.is_public ? t("public") : t("private")];
    const head = hero({
      title: named,
      cover: playlist.cover_image ?? "",
      picture: !own && covers.length >= 4 ? mosaic(covers) : undefined,
      kind: kinds[playlist.kind] ?? kinds.own,
      lines,
      symbol: "playlist",
      actions: [
        full && action("play", t("Play"), () => play.playlist(playlist.id), { primary: true }),
        full && action("shuffle", t("Shuffle"), () => play.playlist(playlist.id, { shuffle: true })),
        button,
      ],
    });
    const text = words && make("p", { class: "lib-about" }, words);
    element.replaceChildren(...[head, text, make("div", { class: "lib-list" })].filter(Boolean));
    router.name(view, named);
    if (paged.count !== null) renderList();
  }

  function renderList() {
    const place = element.querySelector(".lib-list");
    if (!place || paged.count === null) return;
    const wanted = paged.count > 0 ? list.element : null;
    if (wanted && place.firstElementChild !== wanted) place.replaceChildren(wanted);
    if (!wanted) place.replaceChildren(none());
    shownList(ctx, list);
  }

  function none() {
    const search = make("a", { class: "button primary", href: "/library/search" }, t("Look for songs"));
    const text = mine ? t("Every song’s menu has “Add to a playlist”.") : t("Nobody has put anything in yet.");
    return empty({ symbol: "playlist", title: t("This playlist is empty"), text, actions: mine ? [search] : [] });
  }

  function begin() {
    paged.again();
    return paged.need(0, 1);
  }
  view.ready = begin();
  return view;
}
