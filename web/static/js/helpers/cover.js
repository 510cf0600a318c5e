/** Covers and faces: a picture where there is one, and a colour of its own where there is none. */
import { hueOf, hueOfPixels, initials } from "../models/format.js";
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

/** A picture is looked at in so many pixels each way: enough for its colour. */
const SIDE = 12;

/**
 * Shows a track's cover in a `.cover`. A picture that does not load leaves the painted one.
 * @param {() => void} [onColour] wants to know when the picture's own colour has become the element's `--hue`
 */
export function paintCover(element, track, onColour) {
  const title = track?.title ?? "";
  element.classList.toggle("is-empty", !track);
  const shown = find("img", element);
  const address = coverOf(track);
  if (element.dataset.painted !== `${title} ${address}`) element.style.setProperty("--hue", String(hueOf(title)));
  element.dataset.painted = `${title} ${address}`;
  if ((shown?.dataset.src ?? "") === address) return;
  shown?.remove();
  if (!address) return;
  const picture = make("img", { alt: "", decoding: "async", referrerpolicy: "no-referrer", "data-src": address });
  picture.addEventListener("error", () => picture.remove());
  if (onColour) {
    picture.addEventListener("load", () => {
      const hue = colourOf(picture);
      if (hue === null || !picture.isConnected) return;
      element.style.setProperty("--hue", String(hue));
      onColour();
    });
  }
  picture.src = address;
  element.append(picture);
}

/** The hue of a picture of this server's; those of others a page may show, not read. */
function colourOf(picture) {
  if (new URL(picture.src, location.href).origin !== location.origin) return null;
  const canvas = make("canvas", { width: SIDE, height: SIDE });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(picture, 0, 0, SIDE, SIDE);
  try {
    return hueOfPixels(pen.getImageData(0, 0, SIDE, SIDE).data);
  } catch {
    // It was sent on to another server after all.
    return null;
  }
}

/** A round badge with somebody's initials. */
export function face(name) {
  const badge = make("span", { class: "face", "aria-hidden": "true" }, initials(name));
  badge.style.setProperty("--hue", String(hueOf(name)));
  return badge;
}
