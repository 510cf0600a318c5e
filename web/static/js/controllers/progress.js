/** The bar that shows where the room is, and moves it for those who may. */
import { clockTime, spokenTime } from "../models/format.js";
import { currentEntry } from "../models/queue.js";
import { t } from "../models/words.js";
import { LivePlayer } from "../players/live.js";
import { find, setText } from "../helpers/dom.js";

/** Four times a second is as smooth as whole seconds need. */
const PAINT_MS = 250;

export function bindProgress({ client, deck, act }) {
  const bar = find("#seek");
  const elapsed = find("#elapsed");
  const remaining = find("#remaining");
  let dragging = false;

  bar.addEventListener("input", () => {
    dragging = true;
    paint();
  });
  bar.addEventListener("change", () => {
    dragging = false;
    act("seek", { position: Number(bar.value) });
  });

  /** Moves the room by so many milliseconds, as far as the track goes. */
  function seekBy(ms) {
    if (!client.may("seek") || !client.state.playback.entry || onAir()) return;
    act("seek", { position: Math.max(0, Math.min(duration() - 1_000, deck.expectedPosition() + ms)) });
  }

  function track() {
    return client.state && currentEntry(client.state)?.track;
  }

  /** A station has no place to show or to go to: what is on is the same for everybody, whenever they came. */
  function onAir() {
    return Boolean(track()) && LivePlayer.takes(track());
  }

  function duration() {
    return track()?.duration_ms ?? Infinity;
  }

  function paint() {
    const length = duration();
    const known = Number.isFinite(length);
    const live = onAir();
    const here = Math.min(dragging ? Number(bar.value) : (deck.expectedPosition() ?? 0), length);
    bar.disabled = !known || !client.may("seek");
    bar.max = String(known ? Math.ceil(length / 1_000) * 1_000 : 1_000);
    if (!dragging) bar.value = String(here);
    bar.style.setProperty("--fill", known ? `${(100 * here) / length}%` : "0%");
    bar.setAttribute("aria-valuetext", live ? t("Live") : known ? t("{here} of {length}", { here: spokenTime(here), length: spokenTime(length) }) : spokenTime(here));
    setText(elapsed, live ? "" : clockTime(here));
    setText(remaining, known ? clockTime(length) : live ? t("Live") : "");
  }

  setInterval(paint, PAINT_MS);
  return { seekBy, render: paint };
}
