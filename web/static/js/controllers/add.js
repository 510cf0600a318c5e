/** Adding music: a search in the library as one types, or a pasted link. */
import { byline, clockTime, mediaLink, trackOfLink } from "../models/format.js";
import { paintCover } from "../helpers/cover.js";
import { find, icon, make, setText } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";

/** A pause in typing this long is a question. */
const PAUSE_MS = 220;
const LIMIT = 20;

export function bindAdd({ client, api }) {
  const form = find("#add");
  const input = find("#search");
  const results = find("#results");
  const note = find("#results-note");
  const list = find("#results-list");
  let timer = null;
  let asked = null;

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    if (mediaLink(input.value)) add([trackOfLink(mediaLink(input.value))], find("button", list));
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
    if (link) return offerLink(link);
    asked = new AbortController();
    results.hidden = false;
    setText(note, "Searching…");
    try {
      const { signal } = asked;
      const { tracks } = await api("GET", `/api/catalogue/search/?q=${encodeURIComponent(text)}&limit=${LIMIT}`, { signal });
      const nothing = text ? `Nothing found for “${text}”. A link to a file works too.` : "The library is empty. Paste a link to a file.";
      setText(note, tracks.length ? "" : nothing);
      list.replaceChildren(...tracks.map(resultRow));
    } catch (fault) {
      if (fault.name === "AbortError") return;
      list.replaceChildren();
      setText(note, fault.message);
    }
  }

  function offerLink(link) {
    results.hidden = false;
    setText(note, "");
    const host = link.startsWith("/") ? location.host : (URL.parse?.(link)?.host ?? link);
    list.replaceChildren(row({ title: link.split("/").pop() || host, line: host, cover: "" }, () => trackOfLink(link)));
  }

  function resultRow(track) {
    const flat = {
      title: track.title, artist: track.artist?.name ?? "", album: track.album?.title ?? "", url: track.url,
      cover: track.cover || undefined, duration_ms: track.duration_ms ?? undefined, kind: track.kind,
    };
    const time = flat.duration_ms ? clockTime(flat.duration_ms) : "";
    return row({ title: flat.title, line: byline(flat), cover: flat.cover, time }, () => flat);
  }

  function row({ title, line, cover, time }, track) {
    const picture = make("span", { class: "cover" }, icon("note"));
    paintCover(picture, { title, cover });
    const button = make("button", { type: "button", class: "button small", "aria-label": `Add ${title}` }, "Add");
    button.addEventListener("click", () => add([track()], button));
    return make(
      "li",
      { class: "track" },
      picture,
      make("span", { class: "track-text" }, make("span", { class: "track-title" }, title), make("span", { class: "track-by" }, line)),
      make("span", { class: "track-time" }, time ?? ""),
      make("span", { class: "track-actions" }, button),
    );
  }

  async function add(tracks, button) {
    const link = !tracks[0].title;
    if (button?.ariaDisabled === "true") return;
    // Not `disabled`: a button that has the focus would lose it, and with it the place in the list.
    if (button) [button.ariaDisabled, button.textContent] = ["true", "Adding…"];
    try {
      await client.run("add", { tracks });
      if (button) button.replaceChildren(icon("check"), make("span", { class: "visually-hidden" }, "Added"));
      if (link) clear();
      toast(link ? "Added to the queue." : `Added ${tracks[0].title}.`);
    } catch (fault) {
      if (button) [button.ariaDisabled, button.textContent] = ["false", "Add"];
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
