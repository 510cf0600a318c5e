/** This device's own volume and mute; nobody else hears of it. */
import { find, setIcon, setLabel } from "../helpers/dom.js";
import { t } from "../models/words.js";

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
    setLabel(button, muted ? t("Unmute this device") : t("Mute this device"));
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
