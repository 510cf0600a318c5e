/** Where one writes: the field, its emoji, the line that is answered, and why one cannot write just now. */
import { excerpt, spokenTime, timeOfDay } from "../models/format.js";
import { isMuted } from "../models/people.js";
import { slowFor } from "../models/unread.js";
import { t } from "../models/words.js";
import { find, setText } from "../helpers/dom.js";

const TICK_MS = 1_000;

/** @param {{client: any, pickEmoji: Function, say: (text: string, reply_to: string | undefined) => void}} parts */
export function bindComposer({ client, pickEmoji, say }) {
  const form = find("#say");
  const input = find("#say-text");
  const replying = find("#replying");
  const off = find("#chat-off");
  const slow = find("#slow");
  /** The line that the next one answers. */
  let answered = null;
  let muted = false;

  function answer(line) {
    answered = line;
    replying.hidden = line === null;
    if (!line) return;
    setText(find("span", replying), t("To {name}: {text}", { name: line.by_name, text: excerpt(line.text, 60) }));
    input.focus();
  }

  /** Why this person cannot write here now; null when they can. */
  function whySilent(state) {
    const me = state.members.find((each) => each.id === client.you?.id);
    if (!state.chat_enabled) return t("The host has switched the chat off.");
    if (!client.may("chat")) return t("You can read along here.");
    return me && isMuted(me, client.clock.now()) ? t("You are muted until {time}.", { time: timeOfDay(me.muted_until) }) : null;
  }

  function waitSeconds() {
    const exempt = !client.state || client.may("moderate");
    return exempt ? 0 : Math.ceil(slowFor(client.state, client.you?.id, client.clock.now()) / 1_000);
  }

  function renderSlow(state) {
    const left = waitSeconds();
    slow.hidden = !state.slow_mode_s || form.hidden || client.may("moderate");
    form.classList.toggle("is-slow", left > 0);
    const rule = t("Slow mode: one message in {time}.", { time: spokenTime(state.slow_mode_s * 1_000) });
    setText(slow, left > 0 ? t("You can write again in {time}.", { time: spokenTime(left * 1_000) }) : rule);
  }

  function render(state) {
    const why = whySilent(state);
    muted = why !== null;
    form.hidden = muted;
    off.hidden = !muted;
    setText(off, why ?? "");
    renderSlow(state);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text || !client.you || waitSeconds() > 0) return;
    input.value = "";
    const reply_to = answered?.id;
    answer(null);
    say(text, reply_to);
  });
  find("button", replying).addEventListener("click", () => {
    answer(null);
    input.focus();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && answered) answer(null);
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  find("#smile").addEventListener("click", (event) => {
    pickEmoji(event.currentTarget, (emoji) => {
      input.setRangeText(emoji, input.selectionStart, input.selectionEnd, "end");
      input.focus();
    });
  });
  // Being muted ends, and a slow room goes on, without anything happening.
  setInterval(() => client.state && (muted || client.state.slow_mode_s) && render(client.state), TICK_MS);

  return {
    answer,
    render,
    maySay: () => !muted,
    /** What could not be sent stands there again, unless something else does. */
    giveBack: (text) => (input.value ||= text),
    focus: () => input.focus(),
  };
}
