/** Keys, single ones: off while somebody types or a dialog is open, and off altogether on request. */
import { open } from "../../helpers/dialog.js";
import { find, isTyping } from "../../helpers/dom.js";

const SKIP_MS = 10_000;

/** @param {any} ctx */
export function bindShortcuts({ preferences, play, player, queue, hearts }) {
  const keys = {
    " ": () => play.playOrPause(),
    k: () => play.playOrPause(),
    n: () => play.forward(),
    p: () => play.back(),
    m: () => player.sound.toggleMute(),
    j: () => player.progress.seekBy(-SKIP_MS),
    l: () => player.progress.seekBy(SKIP_MS),
    q: () => queue.toggle(),
    f: () => player.song()?.id && hearts.turn(find("#now-heart")),
    "/": () => find("#search").focus(),
    "?": () => open(find("#shortcuts")),
  };
  const use = find("#use-shortcuts");
  use.checked = preferences.all.shortcuts;
  use.addEventListener("change", () => preferences.set({ shortcuts: use.checked }));

  document.addEventListener("keydown", (event) => {
    const run = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!run || event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!preferences.all.shortcuts || isTyping(event) || find("dialog:modal") || find("#player").hidden) return;
    // Space on a button presses it, as everywhere else.
    if (event.key === " " && event.target.closest("button, a, summary, input")) return;
    event.preventDefault();
    run();
  });
}
