/** A file that browsers refuse has to be converted first: says so, how far that is, and plays it as soon as it is there. */
import { currentEntry } from "../models/queue.js";
import { percent } from "../models/format.js";
import { t } from "../models/words.js";
import { find, setText } from "../helpers/dom.js";
import { heardOf } from "../helpers/heard.js";

/** How often to look while something does not load. What loads at once is not asked about. */
const LOOK_MS = 2_000;
const UNMADE = new Set(["waiting", "listening", "converting"]);

export function bindConverting({ client, api, deck }) {
  const note = find("#converting");
  const bar = find("progress", note);
  let stuck = null;

  async function look() {
    const source = client.state && currentEntry(client.state)?.track.source;
    const stands = deck.mode === "loading" || deck.mode === "failed";
    if (!source || !stands || stuck !== source) {
      stuck = source && stands ? source : null;
      note.hidden = true;
      return;
    }
    const { status, progress = 0, converted } = await heardOf(api, source);
    if (stuck !== source) return;
    note.hidden = !(converted && UNMADE.has(status));
    bar.value = progress;
    setText(find("span", note), status === "converting" ? t("Making this file playable: {percent}", { percent: percent(Math.floor(10 * progress) / 10) }) : t("This file is made playable in a moment …"));
    if (converted && status === "ready" && deck.mode === "failed") deck.resume();
  }

  setInterval(look, LOOK_MS);
}
