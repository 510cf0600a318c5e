/** What views are made of: a heading, parts that load by themselves, lists of songs. */
import { icon, make } from "../../../helpers/dom.js";
import { ofTrack } from "../../../models/library/song.js";
import { makeList } from "../list.js";
import { songRow } from "../rows.js";
import { faulty } from "../states.js";

/** @param {string} title @param {(Node | null | false)[]} more */
export function heading(title, ...more) {
  return make("header", { class: "lib-head" }, make("h1", { tabindex: "-1" }, title), ...more);
}

/** A button with a symbol and a word. */
export function action(symbol, label, run, { primary = false } = {}) {
  return make("button", { type: "button", class: `button${primary ? " primary" : ""}`, onclick: run }, icon(symbol), make("span", {}, label));
}

/**
 * Puts into `place` what `load` finds and `fill` makes of it; what it had stays until then. Says what went wrong, and tries
 * again when told to.
 * @template T
 * @param {HTMLElement} place @param {{load: () => Promise<T>, fill: (found: T) => (Node | null | false)[], small?: boolean,
 *   done?: () => void}} parts
 */
export async function filled(place, parts) {
  place.setAttribute("aria-busy", "true");
  try {
    const nodes = parts.fill(await parts.load()).filter(Boolean);
    place.replaceChildren(.../** @type {Node[]} */ (nodes));
  } catch (fault) {
    if (!fault.status && fault.code !== "offline") throw fault;
    place.replaceChildren(faulty(fault, () => filled(place, parts), { small: parts.small }));
  }
  place.removeAttribute("aria-busy");
  parts.done?.();
}

/**
 * A part of a view with its own heading, which is not there when it would be empty.
 * @param {{title: string, href?: string, ghosts: Node, load: () => Promise<any>, fill: (found: any) => (Node | null | false)[], done?: () => void}} what
 */
export function section({ title, href = "", ghosts, load, fill, done }) {
  const head = make("h2", {}, href ? make("a", { href }, title, icon("forward")) : title);
  const body = make("div", { class: "lib-part-body" }, ghosts);
  const element = make("section", { class: "lib-part", "aria-label": title }, head, body);
  const ready = filled(body, {
    load,
    small: true,
    done,
    fill: (found) => {
      const nodes = fill(found).filter(Boolean);
      element.hidden = nodes.length === 0;
      return nodes;
    },
  });
  return { element, ready };
}

/**
 * Songs that are all known, one row each.
 * @param {any} ctx @param {import("../../../models/library/song.js").Song[]} songs
 * @param {{label: string, numbered?: boolean, hide?: "artist" | "album", play?: (song: any, index: number) => void}} how `play`: else each for itself
 */
export function songList(ctx, songs, { label, numbered = false, hide, play = (song) => ctx.play.song(song) }) {
  const list = makeList({
    label,
    count: () => songs.length,
    at: (index) => songs[index],
    keyOf: (song) => `${songs.indexOf(song)} ${song.id}`,
    create: (song) => {
      const index = songs.indexOf(song);
      return songRow(song, { ctx, hide, number: numbered ? index + 1 : undefined, play: () => play(song, index) });
    },
  });
  return { element: list.element, shown: () => shownList(ctx, list), dispose: list.dispose };
}

/** A list that has come into the document, or has come back. */
export function shownList(ctx, list) {
  list.render();
  ctx.player.mark();
}

export const tracksOf = (tracks, labels) => tracks.map((track) => ofTrack(track, labels));
