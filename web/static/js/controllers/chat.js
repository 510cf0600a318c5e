/** The talk. It stays where one reads; what comes in below is counted, not scrolled to. */
import { Seen, Unread, missed } from "../models/unread.js";
import { LineWindow } from "../models/window.js";
import { number, tn } from "../models/words.js";
import { find, findAll, make, reconcile, setText } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";
import { makeLine, updateLine } from "./chat-line.js";
import { bindLineMenu } from "./chat-menu.js";
import { bindComposer } from "./composer.js";
import { bindPreviews } from "./previews.js";

/** Within so many pixels of the end, one counts as being there. */
const AT_END_PX = 60;
/** Lines by one person within this many milliseconds stand together. */
const TOGETHER_MS = 3 * 60_000;
const PAGE = 100;
/** So close to an edge of the lines that stand in the page, more of them come: a few in each frame. */
const NEAR_PX = 1_200;
/** The line above what was missed. */
const MARK = "mark";

/** A line as the HTTP interface tells it, in the form that the socket has. */
const lineOf = ({ id, user_id, user, message, timestamp, reply_to, reactions }) => ({
  id, by: user_id, by_name: user, text: message, at: Date.parse(timestamp), reply_to, reactions,
});

export function bindChat({ client, api, code, act, pickEmoji, storage }) {
  const scroll = find("#chat-scroll");
  const list = find("#lines");
  const older = find("#older");
  const below = find("#new-lines");
  const news = find("#chat-news");
  const unread = new Unread();
  const lastSeen = new Seen(storage, code);
  const span = new LineWindow();
  let earlier = [];
  let pending = [];
  let sent = 0;
  let came = false;
  let frame = null;
  /** What each element shows, so that of thousands of lines only those that changed are written. */
  const drawn = new WeakMap();
  const composer = bindComposer({ client, pickEmoji, say });
  const lineWith = (id) => lines(client.state).byId.get(id);
  const menu = bindLineMenu({ client, act, pickEmoji, lineOf: lineWith, answer: composer.answer });
  const preview = "previews" in document.body.dataset ? bindPreviews({ api, code, root: scroll }) : () => {};

  const seen = () => list.getClientRects().length > 0 && document.visibilityState === "visible";
  const atEnd = () => span.after === 0 && scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < AT_END_PX;

  function toEnd() {
    if (span.after > 0) {
      span.toEnd();
      draw(client.state);
    }
    scroll.scrollTop = scroll.scrollHeight;
  }

  function showUnread() {
    below.hidden = unread.count === 0 || atEnd();
    setText(below, `${tn("{n} new message", "{n} new messages", unread.count)} ↓`);
    for (const badge of findAll("#views [data-view=chat] .badge")) {
      badge.hidden = unread.count === 0;
      setText(badge, number(unread.count));
    }
  }

  function read() {
    if (!seen() || !atEnd()) return;
    unread.clear();
    const last = client.state?.chat.at(-1);
    if (last) lastSeen.note(last.id);
    showUnread();
  }

  /** All that are known, and where each is to be found; put together anew when there are others. */
  let known = { chat: null, earlier, pending, all: [], byId: new Map() };

  function lines({ chat }) {
    if (known.chat === chat && known.earlier === earlier && known.pending === pending) return known;
    const ids = new Set(chat.map((line) => line.id));
    const all = [...earlier.filter((line) => !ids.has(line.id)), ...chat, ...pending];
    known = { chat, earlier, pending, all, byId: new Map(all.map((line) => [line.id, line])) };
    return known;
  }

  /** The lines, with one above those that were missed. */
  function items(all) {
    const at = unread.mark ? all.findIndex((line) => line.id === unread.mark.first) : -1;
    return at < 0 ? all : [...all.slice(0, at), { id: MARK }, ...all.slice(at)];
  }

  function makeItem(line) {
    if (line.id !== MARK) return makeLine({ ...menu, preview }, line);
    return make("li", { class: "missed" }, make("span", {}));
  }

  function updateItem(element, line, about) {
    if (line.id === MARK) {
      setText(find("span", element), tn("You missed {n} message", "You missed {n} messages", unread.mark.count));
      return;
    }
    const { before, may, answered } = about;
    const follows = before?.by === line.by && line.at - before.at < TOGETHER_MS;
    const waits = pending.includes(line);
    const shown = drawn.get(element);
    if (shown?.line === line && shown.follows === follows && shown.may === may && shown.answered === answered) return;
    drawn.set(element, { line, follows, may, answered });
    updateLine(element, line, { you: client.you?.id, answered, may: may && !waits });
    element.classList.toggle("follows", follows);
    element.classList.toggle("is-pending", waits);
  }

  function render(state) {
    composer.render(state);
    if (!came) returned(state);
    const stay = came && !atEnd();
    came = true;
    draw(state);
    if (!stay) toEnd();
    read();
  }

  function draw(state) {
    const { all, byId } = lines(state);
    const may = composer.maySay();
    let before = null;
    reconcile(list, items(span.of(all)), (line) => line.id, makeItem, (element, line) => {
      updateItem(element, line, { before, may, answered: byId.get(line.reply_to) });
      before = line.id === MARK ? null : line;
    });
    find("#chat-empty").hidden = all.length > 0;
    older.hidden = span.before > 0 || all.length < PAGE / 2 || older.dataset.done === "true";
  }

  /** Draws other lines, with those that are in sight where they were. */
  function drawAround(change) {
    const top = scroll.getBoundingClientRect().top;
    const anchor = [...list.children].find((each) => each.getBoundingClientRect().bottom > top && each.dataset.key !== MARK);
    const before = anchor?.getBoundingClientRect().top;
    change();
    draw(client.state);
    if (anchor?.isConnected) scroll.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  /** Whoever reads on finds more lines there. */
  function readOn() {
    frame = null;
    read();
    if (!client.state) return;
    const { scrollTop: above, scrollHeight, clientHeight } = scroll;
    if (span.before > 0 && above < NEAR_PX) drawAround(() => span.earlier());
    else if (span.after > 0 && scrollHeight - above - clientHeight < NEAR_PX) drawAround(() => span.later());
    else return;
    scrolled();
  }

  function scrolled() {
    frame ??= requestAnimationFrame(readOn);
  }

  /** What was said while this page was not open. */
  function returned(state) {
    unread.add(missed(state.chat, lastSeen.last, client.you?.id));
    showUnread();
  }

  /** Lines by others are counted while unseen, and read out. */
  function announce({ by, events }) {
    const said = events.filter((event) => event.type === "said");
    if (said.length === 0 || by === client.you?.id) return;
    const { by_name: name, text } = said.at(-1).message;
    setText(news, `${name}: ${text}`);
    if (seen() && atEnd()) return;
    unread.add(said.map(({ message }) => message.id));
    showUnread();
    render(client.state);
  }

  /** @param {string} text @param {string} [reply_to] @param {string} [id] of the command, where it was sent already */
  async function say(text, reply_to, id) {
    sent += 1;
    const line = { id: `pending-${sent}`, by: client.you.id, by_name: client.you.name, text, at: client.clock.now(), reply_to };
    pending = [...pending, line];
    render(client.state);
    toEnd();
    try {
      await client.run("say", { text, ...(reply_to && { reply_to }) }, id);
    } catch (fault) {
      composer.giveBack(text);
      toast(fault.message, { kind: "bad" });
    } finally {
      pending = pending.filter((each) => each !== line);
      if (client.state) render(client.state);
    }
  }

  async function loadOlder() {
    if (older.disabled) return;
    older.disabled = true;
    const [first] = lines(client.state).all;
    try {
      const { messages } = await api("GET", `/api/rooms/${code}/messages/?before=${encodeURIComponent(first.id)}&limit=${PAGE}`);
      const { byId } = lines(client.state);
      const fresh = messages.map(lineOf).filter((line) => !byId.has(line.id));
      older.dataset.done = String(messages.length < PAGE);
      drawAround(() => {
        earlier = [...fresh, ...earlier];
        span.grew(fresh.length);
        span.earlier();
      });
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
    span.toEnd();
  });
  scroll.addEventListener("scroll", scrolled, { passive: true });
  document.addEventListener("visibilitychange", read);
  below.addEventListener("click", toEnd);
  older.addEventListener("click", loadOlder);

  /** The view was opened: one goes on reading where one left off. */
  const shown = () => {
    const mark = unread.count > 0 ? find(".missed", list) : null;
    if (mark) mark.scrollIntoView({ block: "start" });
    read();
  };
  return { ready: composer.render, render, announce, shown, say, focus: composer.focus };
}
