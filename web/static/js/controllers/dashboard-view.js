/** What an actor of the dashboard sees of the room: what plays, the playlist, the request log. */
import { positionOf, withQueue } from "../models/dashboard/facts.js";
import { clockTime } from "../models/format.js";
import { t } from "../models/words.js";
import { find, findAll, icon, make, reconcile, setLabel, setText } from "../helpers/dom.js";

/**
 * @param {{section: HTMLElement, role: string, act: (name: string, fields?: object) => Promise<void>,
 *   ofRoom: (method: string, path: string, body?: object) => Promise<any>}} parts
 */
export function bindView({ section, role, act, ofRoom }) {
  const list = find(".songs", section);
  const log = find(".requests", section);
  const ask = find("form[data-does=ask]", section);
  /** @type {any[]} */
  let songs = [];
  let titles = new Map();

  function render(facts) {
    setText(find(".now-title", section), facts.title || (facts.playing ? t("Something") : t("Nothing yet")));
    section.classList.toggle("is-playing", facts.playing);
    tick(facts);
    if (facts.queue) showQueue(facts.queue);
  }

  function tick(facts) {
    setText(find(".now-at", section), clockTime(1_000 * positionOf(facts, performance.now())));
  }

  /** @param {any[]} queue */
  function showQueue(queue) {
    songs = queue;
    titles = new Map(queue.map(({ id, title }) => [id, title]));
    reconcile(list, queue, (song) => song.id, makeSong, (item, song) => {
      const { title, artist, current } = /** @type {any} */ (song);
      setText(find("span", item), artist ? `${title} – ${artist}` : title);
      item.classList.toggle("is-current", current);
      const [up, away] = findAll("button", item);
      if (!up) return;
      setLabel(up, t("Move {title} up", { title }));
      setLabel(away, t("Remove {title}", { title }));
    });
    if (ask) offerEntries();
  }

  function makeSong({ id }) {
    const item = make("li", {}, make("span"));
    const button = (symbol, run) => make("button", { type: "button", class: "button small quiet", onclick: run }, icon(symbol));
    if (role === "host") item.append(button("up", () => moveUp(id)), button("trash", () => act("remove", { id })));
    return item;
  }

  function moveUp(entry) {
    const place = songs.findIndex(({ id }) => id === entry);
    if (place > 0) act("move", { entry, before: songs[place - 1].id });
  }

  async function fetchQueue() {
    const { entries, current } = await ofRoom("GET", "queue/");
    showQueue(withQueue({}, entries, current).queue);
  }

  async function fetchRequests() {
    const { requests } = await ofRoom("GET", "requests/?limit=30");
    // What an entry was stays true of it, though the buttons go.
    reconcile(log, requests, ({ id, status }) => `${id} ${status}`, makeRequest);
  }

  function makeRequest({ id, status, who, what, reason }) {
    const wanted = what.title || what.url || titles.get(what.id) || t("a song that is gone");
    const item = make("li", { class: `request is-${status}` }, make("span", {}, make("b", {}, who.name), ` ${what.action} `, make("q", {}, wanted), reason ? `: ${reason}` : ""), make("span", { class: "request-status" }, status));
    if (status !== "pending") return item;
    if (role === "host") item.append(decideButton(id, true), decideButton(id, false));
    else item.append(make("button", { type: "button", class: "button small", onclick: () => act("withdraw", { request: id }) }, t("Withdraw")));
    return item;
  }

  function decideButton(request, approve) {
    const button = make("button", { type: "button", class: `button small${approve ? " primary" : ""}`, onclick: () => act("decide", { request, approve }) });
    button.append(approve ? t("Approve") : t("Reject"));
    return button;
  }

  /** Of the composer: the fields that its action takes. */
  function wishOf({ action, url, title, artist, id, before }) {
    if (action === "remove") return { action, id };
    if (action === "move") return { action, id, ...(before && { before }) };
    return { action, ...Object.fromEntries(Object.entries({ url, title, artist }).filter(([, value]) => value)) };
  }

  function offerEntries() {
    const options = () => songs.map(({ id, title }) => make("option", { value: id }, title));
    for (const [select, first] of [[ask.elements.id, []], [ask.elements.before, [make("option", { value: "" }, t("to the end"))]]]) {
      const chosen = select.value;
      select.replaceChildren(...first, ...options());
      if (titles.has(chosen)) select.value = chosen;
    }
  }

  function showComposer() {
    const action = ask.elements.action.value;
    const needs = { track: action === "add" || action === "play_next", entry: action === "remove" || action === "move", move: action === "move" };
    for (const part of findAll("[data-for]", ask)) part.hidden = !needs[part.dataset.for];
  }

  ask?.elements.action.addEventListener("change", showComposer);
  return { render, tick, fetchQueue, fetchRequests, wishOf };
}
