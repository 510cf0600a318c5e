/** How the server is: figures of this moment, and curves of the last day. */
import { make } from "../../helpers/dom.js";
import { line, peak } from "../../models/admin/curve.js";
import { locale, t } from "../../models/words.js";

const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });

/** @param {{place: HTMLElement, api: Function, signal: AbortSignal}} parts */
export async function overview({ place, api, signal }) {
  const [now, day] = await Promise.all([api("GET", "/api/admin/overview/", { signal }), api("GET", "/api/admin/vitals/", { signal })]);
  place.append(make("h2", {}, t("Now")), figures(now), make("h2", {}, t("The last 24 hours")), curves(day));
}

function figures(now) {
  const { counts, stores, processes } = now;
  const rows = [
    [t("Open connections"), now.sockets],
    [t("Rooms live"), counts.rooms_live],
    [t("Rooms asleep"), counts.rooms_asleep],
    [t("Accounts"), counts.accounts],
    [t("Guests"), counts.guests],
    [t("Signed in"), counts.sessions],
    [t("Songs in the folder"), now.files],
    [t("Songs known"), counts.songs],
    [t("Playlists"), counts.playlists],
    [t("Songs heard"), counts.listens],
    [t("Catalogue answers kept"), counts.answers_kept],
    [t("Waiting to be archived"), now.behind, now.behind > 1_000],
    [t("Processes"), t("{n} of {all}", { n: processes.answering, all: processes.wanted }), processes.answering < processes.wanted],
    ["Redis", stores.redis.ok ? t("{n} ms", { n: stores.redis.ms }) : t("does not answer"), !stores.redis.ok],
    ["PostgreSQL", stores.postgres.ok ? t("{n} ms", { n: stores.postgres.ms }) : t("does not answer"), !stores.postgres.ok],
    ...now.catalogues.map(({ label, down }) => [label, down ? t("does not answer") : t("answers"), down]),
  ];
  return make("dl", { class: "figures" }, ...rows.map(([name, value, bad = false]) => figure(name, value, bad)));
}

function figure(name, value, bad) {
  const shown = typeof value === "number" ? numbers.format(value) : value;
  return make("div", { class: bad ? "figure is-bad" : "figure" }, make("dt", {}, name), make("dd", {}, shown));
}

function curves(day) {
  const names = {
    sockets: t("Open connections"),
    commands: t("Commands a second"),
    ack_ms: t("Until a command is answered, ms"),
    lag_ms: t("How late the event loop is, ms"),
    limits: t("Requests turned away a second"),
  };
  return make("div", { class: "curves" }, ...Object.entries(day.curves).map(([key, points]) => curve(names[key] ?? key, points)));
}

function curve(name, points) {
  const most = peak(points);
  const latest = points.findLast((point) => point !== null);
  const told = latest === undefined ? t("Nothing noted yet") : t("now {now}, at most {most}", { now: numbers.format(latest), most: numbers.format(most) });
  return make("section", { class: "curve" }, make("h3", {}, name), make("p", {}, told), drawn(points, most));
}

function drawn(points, most) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 100 100");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const ground = document.createElementNS(space, "line");
  for (const [key, value] of Object.entries({ x1: "0", x2: "100", y1: "100", y2: "100" })) ground.setAttribute(key, value);
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", line(points, most));
  svg.append(ground, path);
  return svg;
}
