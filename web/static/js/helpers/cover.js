/** Covers and faces: a picture where there is one, and a colour of its own where there is none. */
import { hueOf, initials } from "../models/format.js";
import { find, make } from "./dom.js";

/** Shows a track's cover in a `.cover`. A picture that does not load leaves the painted one. */
export function paintCover(element, track) {
  const title = track?.title ?? "";
  element.style.setProperty("--hue", String(hueOf(title)));
  element.classList.toggle("is-empty", !track);
  const shown = find("img", element);
  if (shown?.dataset.src === (track?.cover ?? "")) return;
  shown?.remove();
  if (!track?.cover) return;
  const picture = make("img", { alt: "", decoding: "async", referrerpolicy: "no-referrer", "data-src": track.cover });
  picture.addEventListener("error", () => picture.remove());
  picture.src = track.cover;
  element.append(picture);
}

/** A round badge with somebody's initials. */
export function face(name) {
  const badge = make("span", { class: "face", "aria-hidden": "true" }, initials(name));
  badge.style.setProperty("--hue", String(hueOf(name)));
  return badge;
}
