/** The talk. It stays where one reads; what comes in below is counted, not scrolled to. */
import { excerpt, plural, timeOfDay } from "../models/format.js";
import { isMuted } from "../models/people.js";
import { Unread } from "../models/unread.js";
import { find, findAll, reconcile, setText } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";
import { makeLine, updateLine } from "./chat-line.js";
import { bindLineMenu } from "./chat-menu.js";

/** Within so many pixels of the end, one counts as being there. */
const AT_END_PX = 60;
/** Lines by one person within this many milliseconds stand together. */
const TOGETHER_MS = 3 * 60_000;
const PAGE = 50;
/** Timers that are set for longer may come at once. */
const LONGEST_TIMER_MS = 86_400_000;

/** A line as the HTTP interface tells it, in the form that the socket has. */
const lineOf = ({ id, user_id, user, message, timestamp, reply_to, reactions }) => ({
  id, by: user_id, by_name: user, text: message, at: Date.parse(timestamp), reply_to, reactions,
});

export function bindChat({ client, api, code, act }) {
  const scroll = find("#chat-scroll");
  const list = find("#lines");
  const form = find("#say");
  const input = find("#say-text");
  const older = find("#older");
  const below = find("#new-lines");
  const news = find("#chat-news");
  const unread = new Unread();
  let earlier = [];
  let pending = [];
  let sent = 0;
  let muted = null;
  /** The line that the next one answers. */
  let answered = null;
  const replying = find("#replying");
  const menu = bindLineMenu({ client, act, lineOf: (id) => lines(client.state).find((line) => line.id === id), answer });

  function answer(line) {
    answered = line;
    replying.hidden = line === null;
    if (!line) return;
    setText(find("span", replying), `To ${line.by_name}: ${excerpt(line.text, 60)}`);
    input.focus();
  }

  const seen = () => list.getClientRects().length > 0 && document.visibilityState === "visible";
  const atEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < AT_END_PX;
  const toEnd = () => scroll.scrollTo({ top: scroll.scrollHeight });

  function showUnread() {
    below.hidden = unread.count === 0 || atEnd();
    setText(below, `${plural(unread.count, "new message")} ↓`);
    for (const badge of findAll("#views [data-view=chat] .badge")) {
      badge.hidden = unread.count === 0;
      setText(badge, String(unread.count));
    }
  }

  function read() {
    if (!seen() || !atEnd()) return;
    unread.clear();
    showUnread();
  }

  function lines(state) {
    const known = new Set(state.chat.map((line) => line.id));
    return [...earlier.filter((line) => !known.has(line.id)), ...state.chat, ...pending];
  }

  function render(state) {
    const stay = !atEnd();
    const all = lines(state);
    const byId = new Map(all.map((line) => [line.id, line]));
    const may = whySilent(state) === null;
    let before = null;
    reconcile(list, all, (line) => line.id, (line) => makeLine(menu, line), (element, line) => {
      updateLine(element, line, { you: client.you?.id, answered: byId.get(line.reply_to), may: may && !pending.includes(line) });
      element.classList.toggle("follows", before?.by === line.by && line.at - before.at < TOGETHER_MS);
      element.classList.toggle("is-pending", pending.includes(line));
      before = line;
    });
    find("#chat-empty").hidden = all.length > 0;
    older.hidden = all.length === 0 || all.length < PAGE || older.dataset.done === "true";
    const why = whySilent(state);
    form.hidden = why !== null;
    const off = find("#chat-off");
    off.hidden = why === null;
    setText(off, why ?? "");
    if (!stay) toEnd();
    read();
  }

  /** Why this person cannot write here now; null when they can. */
  function whySilent(state) {
    const me = state.members.find((each) => each.id === client.you?.id);
    const now = client.clock.now();
    clearTimeout(muted);
    if (!state.chat_enabled) return "The host has switched the chat off.";
    if (!client.may("chat")) return "You can read along here.";
    if (!me || !isMuted(me, now)) return null;
    muted = setTimeout(() => client.state && render(client.state), Math.min(LONGEST_TIMER_MS, me.muted_until - now + 50));
    return `You are muted until ${timeOfDay(me.muted_until)}.`;
  }

  /** Lines by others are counted while unseen, and read out. */
  function announce({ by, events }) {
    const said = events.filter((event) => event.type === "said");
    if (said.length === 0 || by === client.you?.id) return;
    const { by_name, text } = said.at(-1).message;
    setText(news, `${by_name}: ${text}`);
    if (seen() && atEnd()) return;
    unread.add(said.length);
    showUnread();
  }

  async function say(text) {
    sent += 1;
    const reply_to = answered?.id;
    answer(null);
    const line = { id: `pending-${sent}`, by: client.you.id, by_name: client.you.name, text, at: client.clock.now(), reply_to };
    pending = [...pending, line];
    render(client.state);
    toEnd();
    try {
      await client.run("say", { text, ...(reply_to && { reply_to }) });
    } catch (fault) {
      if (!input.value) input.value = text;
      toast(fault.message, { kind: "bad" });
    } finally {
      pending = pending.filter((each) => each !== line);
      if (client.state) render(client.state);
    }
  }

  async function loadOlder() {
    older.disabled = true;
    const first = lines(client.state)[0];
    const height = scroll.scrollHeight;
    try {
      const { messages } = await api("GET", `/api/rooms/${code}/messages/?before=${encodeURIComponent(first.id)}&limit=${PAGE}`);
      const known = new Set(lines(client.state).map((line) => line.id));
      earlier = [...messages.map(lineOf).filter((line) => !known.has(line.id)), ...earlier];
      older.dataset.done = String(messages.length < PAGE);
      render(client.state);
      scroll.scrollTop += scroll.scrollHeight - height;
    } catch (fault) {
      toast(fault.message, { kind: "bad" });
    } finally {
      older.disabled = false;
    }
  }

  // What was fetched before need not lead up to what is shown now.
  client.listen(({ kind }) => {
    if (kind !== "state") return;
    earlier = [];
    older.dataset.done = "false";
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text || !client.you) return;
    input.value = "";
    say(text);
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
  scroll.addEventListener("scroll", read, { passive: true });
  document.addEventListener("visibilitychange", read);
  below.addEventListener("click", toEnd);
  older.addEventListener("click", loadOlder);

  /** The view was opened: what came meanwhile is at its end. */
  const shown = () => {
    if (unread.count > 0) toEnd();
    read();
  };
  return { render, announce, shown, focus: () => input.focus() };
}
