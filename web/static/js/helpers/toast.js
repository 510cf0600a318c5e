/** Short notes at the edge of the page; a screen reader hears them politely. */
import { find, make } from "./dom.js";

/** Milliseconds a note stays: time to read about twelve words. */
const STAYS_MS = 5_000;
const AT_ONCE = 3;

/** @param {string} text @param {{kind?: "note" | "bad"}} [more] */
export function toast(text, { kind = "note" } = {}) {
  const region = find("#toasts");
  const note = make("p", { class: `toast ${kind}` }, text);
  note.addEventListener("click", () => note.remove());
  region.append(note);
  while (region.children.length > AT_ONCE) region.firstElementChild.remove();
  setTimeout(() => note.remove(), STAYS_MS);
}
