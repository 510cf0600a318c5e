/** This device's own volume and mute; nobody else hears of it. */
import { find, setIcon, setLabel, setText } from "../helpers/dom.js";

/** How often the distance from the room is shown anew. */
const SHOW_MS = 1_000;
/** Above this it is not worth a number. */
const FAR_MS = 1_000;

export function bindSound({ preferences, deck }) {
  const slider = find("#volume");
  const button = find("#mute");
  const listeners = [];

  function apply() {
    const { volume, muted } = preferences.all;
    deck.level();
    slider.value = String(Math.round(volume * 100));
    slider.style.setProperty("--fill", `${muted ? 0 : volume * 100}%`);
    button.setAttribute("aria-pressed", String(muted));
    setIcon(button, muted ? "mute" : "volume");
    setLabel(button, muted ? "Unmute this device" : "Mute this device");
    for (const listener of listeners) listener();
  }

  const sound = {
    get muted() {
      return preferences.all.muted;
    },
    toggleMute() {
      preferences.set({ muted: !preferences.all.muted });
      apply();
    },
    onChange: (listener) => listeners.push(listener),
  };

  slider.addEventListener("input", () => {
    preferences.set({ volume: Number(slider.value) / 100, muted: false });
    apply();
  });
  button.addEventListener("click", sound.toggleMute);
  apply();
  return sound;
}

/** Says how far this device is from the room: the distance, and how sure the clock is. */
export function bindSyncBadge({ client, deck }) {
  const badge = find("#sync");

  function show() {
    const words = { loading: "Loading…", cued: "Finding the place…", blocked: "", failed: "", idle: "", still: "", over: "" };
    if (deck.mode !== "running") {
      setText(badge, words[deck.mode]);
      return;
    }
    const off = Math.abs(deck.expectedPosition() + deck.trim - deck.actualPosition());
    const sure = client.clock.uncertainty();
    setText(badge, off > FAR_MS ? "Catching up…" : `in step ±${Math.max(1, Math.round(off + sure))} ms`);
  }

  setInterval(show, SHOW_MS);
}
