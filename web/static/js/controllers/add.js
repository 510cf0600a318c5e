/** Adding music, or asking for it: from the catalogues as one types, from favourites and playlists, or by a pasted link. */
import { mediaLink, trackOfLink } from "../models/format.js";
import { t, tn } from "../models/words.js";
import { find, findAll, icon, make, setText } from "../helpers/dom.js";
import { bindTabs } from "../helpers/tabs.js";
import { toast } from "../helpers/toast.js";
import { playlistRow, songRow } from "./found-rows.js";
import { makeShelves } from "./shelves.js";

/** A pause in typing this long is a question. */
const PAUSE_MS = 220;
/** Tracks that one command may add. */
const MAX_ADDED = 100;
/** Rows shown at first, and each time that more are asked for. */
const PAGE = 25;
/** So close to the end of what is shown, more of it comes by itself. */
const NEAR_PX = 200;

export function bindAdd({ client, api, heart }) {
  const form = find("#add");
  const input = find("#search");
  const results = find("#results");
  const note = find("#results-note");
  const list = find("#results-list");
  const more = find("#results-more");
  const shelves = makeShelves(api);
  /** @type {Function} */
  let shelf = shelves.found;
  let timer = null;
  let asked = null;
  let rows = [];
  /** @type {(() => Promise<any>) | null} */
  let next = null;

  bindTabs(findAll("[role=tab]", results), (name) => {
    shelf = shelves[name];
    look();
  });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    const link = mediaLink(input.value);
    if (link) take([trackOfLink(link)], { button: find("button", list), after: clear });
    else look();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || results.hidden) return;
    event.stopPropagation();
    input.focus();
    clear();
  });
  more.addEventListener("click", async () => {
    const first = list.childElementCount;
    await goOn();
    find("button", list.children[first])?.focus();
  });
  results.addEventListener("scroll", () => results.scrollHeight - results.scrollTop - results.clientHeight < NEAR_PX && !more.hidden && goOn(), { passive: true });

  async function look() {
    asked?.abort();
    const text = input.value.trim();
    const link = text && mediaLink(text);
    results.hidden = false;
    if (link) return offerLink(link);
    asked = new AbortController();
    results.setAttribute("aria-busy", "true");
    setText(note, t("Looking…"));
    try {
      show(await shelf(text, asked.signal));
    } catch (fault) {
      if (fault.name === "AbortError") return;
      list.replaceChildren();
      more.hidden = true;
      setText(note, fault.message);
    }
    results.removeAttribute("aria-busy");
  }

  /** @param {any} found */
  function show({ songs = [], playlists = [], note: said, back, next: after = null }) {
    setText(note, said);
    next = after;
    const made = (playlist) => () => playlistRow(playlist, { open: () => open(playlist), all: client.may("add") ? (button) => takeWhole(playlist, button) : null });
    rows = [...playlists.map(made), ...songs.map((song) => () => rowOf(song))];
    if (back) rows.unshift(() => heading(back, songs));
    list.replaceChildren();
    reveal(PAGE);
  }

  /** Rows up to so many; each is made when it is shown. */
  function reveal(most) {
    list.append(...rows.slice(list.childElementCount, most).map((row) => row()));
    const left = rows.length - list.childElementCount;
    more.hidden = left === 0 && !next;
    setText(more, left > 0 ? tn("{n} more", "{n} more", left) : t("More"));
  }

  /** Shows more rows; those that are not known yet are asked for. */
  async function goOn() {
    const shown = list.childElementCount;
    if (shown === rows.length && next && results.ariaBusy !== "true") await fetchNext(next);
    else reveal(shown + PAGE);
  }

  async function fetchNext(ask) {
    results.ariaBusy = "true";
    try {
      const found = await ask();
      if (ask !== next) return;
      next = found.next;
      rows.push(...found.songs.map((song) => () => rowOf(song)));
      reveal(list.childElementCount + PAGE);
    } catch (fault) {
      if (fault.name !== "AbortError") toast(fault.message, { kind: "bad" });
    } finally {
      results.ariaBusy = null;
    }
  }

  function open(playlist) {
    shelf = playlist.open;
    input.value = "";
    look().then(() => find("button", list)?.focus());
  }

  /** Above the songs of a playlist: its name, the way back, and all of it at once. */
  function heading(name, songs) {
    const back = make("button", { type: "button", class: "button quiet small" }, t("All playlists"));
    back.addEventListener("click", () => {
      shelf = shelves.playlists;
      look();
    });
    const all = make("button", { type: "button", class: "button small", "aria-label": t("Add all songs of {name}", { name }) }, t("Add all"));
    all.addEventListener("click", () => takeAll(songs, all));
    all.hidden = !client.may("add") || songs.length === 0;
    return make("li", { class: "results-head" }, back, make("strong", {}, name), all);
  }

  async function takeWhole(playlist, button) {
    try {
      const { songs } = await playlist.open("", undefined);
      await takeAll(songs, button);
    } catch (fault) {
      toast(fault.message, { kind: "bad" });
    }
  }

  /** As many commands as it takes, one after the other: the order is that of the playlist. */
  async function takeAll(songs, button) {
    const tracks = songs.map(({ id }) => ({ source: id }));
    for (let from = 0; from < tracks.length; from += MAX_ADDED) {
      const last = from + MAX_ADDED >= tracks.length;
      if (!(await take(tracks.slice(from, from + MAX_ADDED), { button, count: last ? tracks.length : 0 }))) return;
    }
  }

  function rowOf(song) {
    return songRow(song, { heart, asks: !client.may("add"), run: (button) => take([{ source: song.id }], { button, title: song.title }) });
  }

  function offerLink(link) {
    setText(note, "");
    next = null;
    more.hidden = true;
    const host = link.startsWith("/") ? location.host : (URL.parse?.(link)?.host ?? link);
    const song = { title: link.split("/").pop() || host, artist: host, cover: "", playable: true };
    list.replaceChildren(songRow(song, { asks: !client.may("add"), run: (button) => take([trackOfLink(link)], { button, after: clear }) }));
  }

  /**
   * Adds tracks, or asks for them. `count`: what is told to have been added; 0: nothing yet.
   * @param {any[]} tracks @param {{button?: HTMLElement, title?: string, count?: number, after?: () => void}} about
   * @returns {Promise<boolean>} whether that went well
   */
  async function take(tracks, { button, title, count = tracks.length, after } = {}) {
    const adds = client.may("add");
    if (button?.ariaBusy === "true") return false;
    const word = button?.textContent;
    // Not `disabled`: a button that has the focus would lose it, and with it the place in the list.
    if (button) button.ariaBusy = "true";
    try {
      if (adds) await client.run("add", { tracks });
      else await client.run("ask", { action: "add", track: tracks[0] });
      if (button) button.replaceChildren(icon("check"), make("span", { class: "visually-hidden" }, adds ? t("Added") : t("Asked")));
      after?.();
      if (count > 0) toast(told(adds, title, count), { instead: "added" });
      return true;
    } catch (fault) {
      if (button) button.textContent = word;
      toast(fault.message, { kind: "bad" });
      return false;
    } finally {
      if (button) button.ariaBusy = "false";
    }
  }

  function clear() {
    asked?.abort();
    input.value = "";
    results.hidden = true;
    list.replaceChildren();
    more.hidden = true;
    setText(note, "");
  }

  document.addEventListener("click", (event) => {
    if (!form.contains(event.target) && event.target.isConnected) results.hidden = true;
  });
  // The library opens by itself: nobody need guess what there is. What was found before is shown again.
  input.addEventListener("focus", () => {
    if (list.childElementCount > 0) results.hidden = false;
    else look();
  });

  /** Shows a playlist's songs, as if it had been opened here. */
  function openPlaylist(id, name) {
    find("#tab-playlists").click();
    open({ open: (text, signal) => shelves.songsOf({ id, name }, text, signal) });
  }

  return { take, openPlaylist, mayTake: () => client.may("add") || client.may("request") };
}

function told(adds, title, count) {
  if (!adds) return title ? t("Asked the host for {title}.", { title }) : t("Asked the host for it.");
  if (title) return t("Added {title}.", { title });
  return count > 1 ? tn("Added {n} song to the queue.", "Added {n} songs to the queue.", count) : t("Added to the queue.");
}
