/** What is said of songs where they are found, and of catalogues that do not answer. */
import { dotted, listed, t } from "./words.js";

/** Services whose recordings are linked to, not held. */
const FOREIGN = new Set(["youtube", "vimeo", "soundcloud", "spotify", "link"]);

/** Letters of a question that a catalogue takes. */
const LONGEST = 200;

/** What catalogues are asked for a text: whoever pasted a page of it means its beginning. @param {string} text */
export function question(text) {
  return Array.from(text).slice(0, LONGEST).join("");
}

/** What is said below the title: who it is by, why it is there, and where it comes from unless that is the own folder. */
export function lineOf(song) {
  return dotted([song.artist, song.why || song.album, song.live && t("live"), song.from]);
}

/** What the server said besides: that it is from before, or that a catalogue did not answer. @param {any} answer */
export function caveat({ stale, left_out: missing }, labels = {}) {
  const names = (Array.isArray(missing) ? missing : []).map((name) => labels[name] ?? name);
  if (names.length === 1) return t("{catalogue} does not answer right now.", { catalogue: names[0] });
  if (names.length > 1) return t("{catalogues} do not answer right now.", { catalogues: listed(names) });
  return stale ? t("A catalogue does not answer right now; this is what it said before.") : "";
}

/** The id under which a queued track can be kept; null for what no catalogue of this server knows. */
export function keepable({ source = "" }) {
  return source && !FOREIGN.has(source.split(":")[0]) ? source : null;
}
