/** Of several tabs of the library one is heard: the one last touched. All follow the same queue, so the others would echo. */
import { find } from "../../helpers/dom.js";

const CHANNEL = "roomd.library";

/** @param {{preferences: import("../../models/preferences.js").Preferences, changed: () => void}} parts */
export function bindOneTab({ preferences, changed }) {
  const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(CHANNEL);
  const note = find("#other-tab");
  let silent = false;
  let touched = false;
  let playing = false;

  function become(quiet) {
    silent = quiet;
    note.hidden = !(silent && playing);
    changed();
  }

  function claim() {
    if (touched) return;
    touched = true;
    channel?.postMessage("mine");
    if (silent) become(false);
  }

  function hear(said) {
    if (said === "whose" && touched) channel.postMessage("mine");
    if (said === "mine") {
      touched = false;
      become(true);
    }
    if (said === "gone" && silent) become(false);
  }

  if (channel) {
    channel.onmessage = ({ data }) => hear(data);
    channel.postMessage("whose");
    addEventListener("pagehide", () => touched && channel.postMessage("gone"));
  }
  // Not when it is the note's own button: it would be gone before it is let go of.
  for (const type of ["pointerdown", "keydown"]) addEventListener(type, ({ target }) => note.contains(target) || claim(), { capture: true });
  find("button", note).addEventListener("click", claim);

  return {
    /** What the player goes by: this device's taste, but silent while another tab is heard. */
    preferences: {
      get all() {
        return silent ? { ...preferences.all, muted: true } : preferences.all;
      },
      set: (changes) => preferences.set(changes),
    },
    render(now) {
      playing = now;
      note.hidden = !(silent && playing);
    },
  };
}
