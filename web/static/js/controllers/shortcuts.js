/** Keys for those who like them: single ones, off while somebody types or a dialog is open, and off altogether on request. */
import { find, isTyping } from "../helpers/dom.js";
import { open } from "../helpers/dialog.js";

const SKIP_MS = 10_000;

export function bindShortcuts({ preferences, transport, progress, sound, views, chat }) {
  const keys = {
    " ": transport.playOrPause,
    k: transport.playOrPause,
    n: transport.next,
    m: sound.toggleMute,
    j: () => progress.seekBy(-SKIP_MS),
    l: () => progress.seekBy(SKIP_MS),
    "/": () => {
      views.show("queue");
      find("#search").focus();
    },
    c: () => {
      views.show("chat");
      chat.focus();
    },
    "?": () => open(find("#shortcuts")),
  };

  document.addEventListener("keydown", (event) => {
    const run = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!run || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!preferences.all.shortcuts || isTyping(event) || find("dialog[open]")) return;
    // Space on a button presses it, as everywhere else.
    if (event.key === " " && event.target.closest("button, a, summary, input")) return;
    event.preventDefault();
    run();
  });
}
