/** What waits for this person's word, above the queue; and for guests what became of what they asked for. */
import { inbox, newsOf, ownRequests } from "../models/inbox.js";
import { t } from "../models/words.js";
import { face, paintCover } from "../helpers/cover.js";
import { find, findAll, icon, make, reconcile, setText } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";

/** What was decided grows old without anything happening. */
const AGE_MS = 30_000;

export function bindInbox({ client, act }) {
  const section = find("#inbox");
  const list = find("#inbox-list");
  const asked = find("#asked");
  const askedList = find("#asked-list");

  function answer({ kind, item }, yes) {
    return kind === "knock" ? act("admit", { user: item.id, approve: yes }) : act("decide", { requests: [item.id], approve: yes });
  }

  function makeItem(item) {
    const button = (name, symbol, run) => make("button", { type: "button", class: `button ${name} icon-only`, onclick: run }, icon(symbol));
    const picture = item.kind === "knock" ? face(item.who) : make("span", { class: "cover" }, icon("note"));
    const text = make("span", { class: "track-text" }, make("span", { class: "track-title" }), make("span", { class: "track-by" }));
    const actions = make("span", { class: "track-actions" }, button("yes", "check", () => leave(item, true)), button("no quiet", "close", () => leave(item, false)));
    return make("li", { class: "track" }, picture, text, actions);
  }

  /** Whoever answers by keyboard goes on to the next one. */
  function leave(item, yes) {
    const rows = [...list.children];
    const at = rows.findIndex((row) => row.dataset.key === item.key);
    const next = rows[at + 1] ?? rows[at - 1];
    if (rows[at]?.contains(document.activeElement)) (next ? find(yes ? ".yes" : ".no", next) : find("#search")).focus();
    answer(item, yes);
  }

  function updateItem(row, item) {
    const cover = find(".cover", row);
    if (cover && item.item.track) paintCover(cover, item.item.track);
    setText(find(".track-title", row), item.title);
    setText(find(".track-by", row), item.kind === "knock" ? item.what : t("{name} {wish}", { name: item.who, wish: item.what }));
    const { title } = item;
    const knock = item.kind === "knock";
    find(".yes", row).setAttribute("aria-label", knock ? t("Let in {title}", { title }) : t("Say yes to {title}", { title }));
    find(".no", row).setAttribute("aria-label", knock ? t("Turn away {title}", { title }) : t("Say no to {title}", { title }));
  }

  function makeAsked({ item }) {
    const back = make("button", { type: "button", class: "button quiet small", onclick: () => act("withdraw", { request: item.id }) }, t("Take back"));
    return make("li", { class: "track" }, make("span", { class: "track-text" }, make("span", { class: "track-title" }), make("span", { class: "track-by" })), back);
  }

  function updateAsked(row, { title, says, open }) {
    setText(find(".track-title", row), title);
    setText(find(".track-by", row), says);
    const back = find("button", row);
    back.hidden = !open;
    back.setAttribute("aria-label", t("Take back: {title}", { title }));
  }

  function render(state) {
    const items = client.may("approve") ? inbox(state) : [];
    section.hidden = items.length === 0;
    reconcile(list, items, (item) => item.key, makeItem, updateItem);
    setText(find("#inbox-count"), String(items.length || ""));
    // Otherwise the number of songs to come stands there (queue.js).
    for (const badge of findAll("#views [data-view=queue] .badge")) {
      badge.classList.toggle("is-urgent", items.length > 0);
      if (items.length === 0) continue;
      badge.hidden = false;
      setText(badge, String(items.length));
    }
    const own = client.may("approve") ? [] : ownRequests(state, client.you?.id, client.clock.now());
    asked.hidden = own.length === 0;
    reconcile(askedList, own, (each) => each.key, makeAsked, updateAsked);
  }

  setInterval(() => client.state && render(client.state), AGE_MS);
  return {
    render,
    announce(commit, before) {
      const news = newsOf(commit, before, client.state, client.you?.id, client.may("approve"));
      if (news) toast(news);
    },
  };
}
