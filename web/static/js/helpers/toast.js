/** Short notes at the edge of the page; a screen reader hears them politely. */
import { find, findAll, make } from "./dom.js";

/** Milliseconds a note stays: time to read about twelve words. */
const STAYS_MS = 5_000;
const AT_ONCE = 3;
/** With something to do in it: time to get there as well. */
const STAYS_TO_DO_MS = 10_000;

/**
 * @param {string} text
 * @param {{kind?: "note" | "bad", does?: {label: string, run: () => void}, instead?: string}} [more] `does`: a button;
 *   `instead`: of which notes it takes the place
 */
export function toast(text, { kind = "note", does, instead = "" } = {}) {
  const region = find("#toasts");
  if (instead) findAll(`[data-instead="${instead}"]`, region).forEach((each) => each.remove());
  const button = does && make("button", { type: "button", onclick: does.run }, does.label);
  const note = make("p", { class: `toast ${kind}`, "data-instead": instead }, text, button);
  note.addEventListener("click", () => note.remove());
  region.append(note);
  while (region.children.length > AT_ONCE) region.firstElementChild.remove();
  const ends = () => (note.matches(":hover, :focus-within") ? setTimeout(ends, STAYS_MS) : note.remove());
  setTimeout(ends, does ? STAYS_TO_DO_MS : STAYS_MS);
}
