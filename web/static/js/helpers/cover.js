/** Covers and faces: a picture where there is one, and a colour of its own where there is none. */
import { hueOf, initials } from "../models/format.js";
import { find, make } from "./dom.js";

/** Pictures that are not to be asked for yet. */
/** @type {(address: string) => boolean} */
let withheld = () => false;

/** @param {(address: string) => boolean} rule asked each time before a picture is fetched */
export function withhold(rule) {
  withheld = rule;
}

/** The address of a track's picture; empty where there is none to show. */
export function coverOf(track) {
  const address = track?.cover ?? "";
  return address && withheld(address) ? "" : address;
}

/** Shows a track's cover in a `.cover`. A picture that does not load leaves the painted one. */
export function paintCover(element, track) {
  const title = track?.title ?? "";
  element.style.setProperty("--hue", String(hueOf(title)));
  element.classList.toggle("is-empty", !track);
  const shown = find("img", element);
  const address = coverOf(track);
  if ((shown?.dataset.src ?? "") === address) return;
  shown?.remove();
  if (!address) return;
  const picture = make("img", { alt: "", decoding: "async", referrerpolicy: "no-referrer", "data-src": address });
  picture.addEventListener("error", () => picture.remove());
  picture.src = address;
  element.append(picture);
}

/** A round badge with somebody's initials. */
export function face(name) {
  const badge = make("span", { class: "face", "aria-hidden": "true" }, initials(name));
  badge.style.setProperty("--hue", String(hueOf(name)));
  return badge;
}
