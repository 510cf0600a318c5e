/** Adding music, or asking for it: from the catalogues as one types, from favourites and playlists, or by a pasted link. */
import { mediaLink, trackOfLink } from "../models/format.js";
import { find, findAll, icon, make, setText } from "../helpers/dom.js";
import { bindTabs } from "../helpers/tabs.js";
import { toast } from "../helpers/toast.js";
import { playlistRow, songRow } from "./found-rows.js";
import { bindHearts } from "./hearts.js";
import { makeShelves } from "./shelves.js";

/** A pause in typing this long is a question. */
const PAUSE_MS = 220;
/** Tracks that one command may add. */
const MAX_ADDED = 100;

export function bindAdd({ client, api }) {
  const form = find("#add");
  const input = find("#search");
  const results = find("#results");
  const note = find("#results-note");
  const list = find("#results-list");
  const heart = bindHearts({ api });
  const shelves = makeShelves(api);
  /** @type {Function} */
  let shelf = shelves.found;
  let timer = null;
  let asked = null;

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
    if (link) take([trackOfLink(link)], find("button", list));
    else look();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || results.hidden) return;
    event.stopPropagation();
    input.focus();
    clear();
  });

  async function look() {
    asked?.abort();
    const text = input.value.trim();
    const link = text && mediaLink(text);
    results.hidden = false;
    if (link) return offerLink(link);
    asked = new AbortController();
    setText(note, "Looking…");
    try {
      show(await shelf(text, asked.signal));
    } catch (fault) {
      if (fault.name === "AbortError") return;
      list.replaceChildren();
      setText(note, fault.message);
    }
  }

  /** @param {any} found */
  function show({ songs = [], playlists = [], note: said, back }) {
    setText(note, said);
    const rows = [...playlists.map((each) => playlistRow(each, () => open(each))), ...songs.map((song) => rowOf(song))];
    if (back) rows.unshift(heading(back, songs));
    list.replaceChildren(...rows);
  }

  function open(playlist) {
    shelf = playlist.open;
    input.value = "";
    look().then(() => find("button", list)?.focus());
  }

  /** Above the songs of a playlist: its name, the way back, and all of it at once. */
  function heading(name, songs) {
    const back = make("button", { type: "button", class: "button quiet small" }, "All playlists");
    back.addEventListener("click", () => {
      shelf = shelves.playlists;
      look();
    });
    const all = make("button", { type: "button", class: "button small", "aria-label": `Add all songs of ${name}` }, "Add all");
    all.addEventListener("click", () => take(songs.slice(0, MAX_ADDED).map(({ id }) => ({ source: id })), all));
    all.hidden = !client.may("add") || songs.length === 0;
    return make("li", { class: "results-head" }, back, make("strong", {}, name), all);
  }

  function rowOf(song) {
    return songRow(song, { heart, verb: verb(), run: (button) => take([{ source: song.id }], button, song.title) });
  }

  function offerLink(link) {
    setText(note, "");
    const host = link.startsWith("/") ? location.host : (URL.parse?.(link)?.host ?? link);
    const song = { title: link.split("/").pop() || host, artist: host, cover: "", playable: true };
    list.replaceChildren(songRow(song, { verb: verb(), run: (button) => take([trackOfLink(link)], button) }));
  }

  function verb() {
    return client.may("add") ? "Add" : "Ask";
  }

  async function take(tracks, button, title) {
    const word = verb();
    if (button?.ariaDisabled === "true") return;
    // Not `disabled`: a button that has the focus would lose it, and with it the place in the list.
    if (button) [button.ariaDisabled, button.textContent] = ["true", "…"];
    try {
      if (word === "Add") await client.run("add", { tracks });
      else await client.run("ask", { action: "add", track: tracks[0] });
      if (button) button.replaceChildren(icon("check"), make("span", { class: "visually-hidden" }, word === "Add" ? "Added" : "Asked"));
      if (!title) clear();
      toast(told(word, title, tracks.length));
    } catch (fault) {
      if (button) [button.ariaDisabled, button.textContent] = ["false", word];
      toast(fault.message, { kind: "bad" });
    }
  }

  function clear() {
    asked?.abort();
    input.value = "";
    results.hidden = true;
    list.replaceChildren();
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
}

function told(word, title, count) {
  if (word === "Ask") return title ? `Asked the host for ${title}.` : "Asked the host for it.";
  if (title) return `Added ${title}.`;
  return count > 1 ? `Added ${count} songs to the queue.` : "Added to the queue.";
}
