/** What people see while the room waits for players that are not ready, and how to go on without them. */
import { boundWords, leftBehind, leftBehindWords, missingNow, waitOf, waitingWords } from "../models/waiting.js";
import { find, setText } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";

/** Most waits are over sooner than this, and would be a flash over the cover. */
const CALM_MS = 400;

export function bindWaiting({ client, act }) {
  const overlay = find("#waiting");
  const start = find("#start-now");
  const news = find("#waiting-news");
  /** The line above a phone's tabs, where the cover is out of sight. */
  const mini = find("#mini-waiting");
  let shown = null;
  let timer = null;

  start.addEventListener("click", () => act("play"));

  function begin(wait) {
    const { until } = client.state.waiting;
    shown = null;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (waitOf(client.state) !== wait) return;
      shown = wait;
      overlay.style.setProperty("--left", `${Math.max(0, until - client.clock.now())}ms`);
      show();
      // Once for each wait: who is still missing may change several times a second.
      setText(news, find("#waiting-text").textContent);
    }, CALM_MS);
  }

  function end() {
    clearTimeout(timer);
    shown = null;
    if (overlay.contains(document.activeElement)) find("#toggle").focus();
    overlay.hidden = mini.hidden = true;
    setText(news, "");
  }

  function show() {
    const words = waitingWords(client.state, client.you?.id);
    for (const place of [find("#waiting-text"), mini]) setText(place, words);
    setText(find("#waiting-bound"), missingNow(client.state).length ? boundWords(client.state.waiting) : "");
    start.hidden = !client.may("play");
    overlay.hidden = mini.hidden = false;
  }

  let current = null;
  return {
    render(state) {
      const wait = waitOf(state);
      if (wait !== current) {
        current = wait;
        end();
        if (wait) begin(wait);
      } else if (wait && shown === wait) show();
    },
    announce(commit, before) {
      const late = leftBehind(before, commit);
      if (late.length) toast(leftBehindWords(late, client.you?.id));
    },
  };
}
