/** How the server is: figures of this moment, what its catalogues answer, what was turned away, and curves of the last day. */
import { find, findAll, make } from "../../helpers/dom.js";
import { locale, t } from "../../models/words.js";
import { curve } from "./curve.js";
import { when } from "./list.js";

const AGAIN_MS = 20_000;
const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });

/** @param {{place: HTMLElement, api: Function, signal: AbortSignal, remember: (query: URLSearchParams) => void}} parts */
export async function overview({ place, api, signal, remember }) {
  const look = () => Promise.all([api("GET", "/api/admin/overview/", { signal }), api("GET", "/api/admin/vitals/", { signal })]);
  const [now, day] = await look();
  remember(new URLSearchParams());
  place.append(...shown(now), make("h2", {}, t("The last 24 hours")), zone(), make("div", { class: "curves" }, ...curves(day)));
  // Each is exchanged for itself, so that nobody loses their place; a curve that is looked into stays as it is.
  const every = setInterval(async () => {
    if (document.hidden) return;
    const [then, later] = await look().catch(() => []);
    if (!then || signal.aborted) return;
    const fresh = make("div", {}, ...shown(then));
    for (const part of findAll("[data-part]", place)) part.replaceWith(find(`[data-part=${part.dataset.part}]`, fresh) ?? part);
    const old = findAll(".curve", place);
    curves(later).forEach((each, n) => old[n].matches(":hover, :focus-within, :has(details[open])") || old[n].replaceWith(each));
  }, AGAIN_MS);
  signal.addEventListener("abort", () => clearInterval(every));
}

function shown(now) {
  return [make("h2", {}, t("Now")), figures(now), make("h2", {}, t("What is kept")), kept(now), make("h2", {}, t("Catalogues and limits")), answers(now), limited(now)];
}

function figures({ counts, stores, processes, sockets, behind }) {
  const rows = [
    [t("Open connections"), sockets],
    [t("Rooms live"), counts.rooms_live],
    [t("Signed in"), counts.sessions],
    [t("Waiting to be archived"), behind, behind > 1_000],
    [t("Processes"), t("{n} of {all}", { n: processes.answering, all: processes.wanted }), processes.answering < processes.wanted],
    ["Redis", stores.redis.ok ? t("{n} ms", { n: stores.redis.ms }) : t("does not answer"), !stores.redis.ok],
    ["PostgreSQL", stores.postgres.ok ? t("{n} ms", { n: stores.postgres.ms }) : t("does not answer"), !stores.postgres.ok],
  ];
  return figureList("now", rows);
}

function kept({ counts, files }) {
  const rows = [
    [t("Rooms asleep"), counts.rooms_asleep],
    [t("Accounts"), counts.accounts],
    [t("Guests"), counts.guests],
    [t("Playlists"), counts.playlists],
    [t("Songs in the folder"), files],
    [t("Songs known"), counts.songs],
    [t("Songs heard"), counts.listens],
    [t("Catalogue answers kept"), counts.answers_kept],
  ];
  return figureList("kept", rows);
}

function figureList(part, rows) {
  return make("dl", { class: "figures", "data-part": part }, ...rows.map(([name, value, bad = false]) => figure(name, value, bad)));
}

function figure(name, value, bad) {
  const text = typeof value === "number" ? number.format(value) : value;
  return make("div", { class: bad ? "figure is-bad" : "figure" }, make("dt", {}, name), make("dd", {}, text));
}

/** Each catalogue, and by whom what was asked of it was answered. */
function answers({ catalogues, since }) {
  const by = ["memory", "redis", "provider", "postgresql"];
  const names = [t("Catalogue"), t("State"), t("From memory"), t("From Redis"), t("By itself"), t("From before, as it did not answer")];
  const rows = catalogues.map(({ name, label, down, answers: found }) => [
    name === "local" ? t("This server") : label,
    make("span", { class: down ? "chip is-bad" : "chip is-good" }, down ? t("does not answer") : t("answers")),
    ...by.map((who) => number.format(found[who] ?? 0)),
  ]);
  return counted("answers", names, rows, make("caption", {}, t("Answers of catalogues, since the server started"), " (", when(since), ")"));
}

/** What was refused for being too much or too often; the codes are those of the documents. */
function limited({ limited: found, since }) {
  const entries = Object.entries(found);
  const rows = entries.map(([code, count]) => [make("code", {}, code), number.format(count)]);
  if (rows.length === 0) return make("p", { class: "dim", "data-part": "limited" }, t("Nobody was turned away since the server started."));
  return counted("limited", [t("Limit"), t("Turned away")], rows, make("caption", {}, t("Turned away for being too much or too often, since the server started"), " (", when(since), ")"));
}

function counted(part, names, rows, caption) {
  const head = make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name)));
  const body = rows.map((cells) => make("tr", {}, ...cells.map((each, n) => (n === 0 ? make("th", { scope: "row" }, each) : make("td", {}, each)))));
  return make("div", { class: "admin-scroll counted", "data-part": part, tabindex: "0" }, make("table", {}, caption, make("thead", {}, head), make("tbody", {}, ...body)));
}

function zone() {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return make("p", { class: "dim" }, t("A point for each quarter of an hour; times as on this device ({zone}). Where a line breaks off, nothing was noted.", { zone: timeZone }));
}

function curves(day) {
  const names = {
    sockets: [t("Open connections"), (n) => n],
    commands: [t("Commands a second"), (n) => t("{n} a second", { n })],
    ack_ms: [t("Until a command is answered"), (n) => t("{n} ms", { n })],
    lag_ms: [t("How late the event loop is"), (n) => t("{n} ms", { n })],
    limits: [t("Requests turned away a second"), (n) => t("{n} a second", { n })],
  };
  const { from, to } = day;
  return Object.entries(day.curves).map(([key, points]) => curve({ name: names[key]?.[0] ?? key, unit: names[key]?.[1] ?? String, points, from, to }));
}
