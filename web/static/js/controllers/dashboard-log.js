/** The live log: the newest first, to be filtered, opened, copied and cleared. */
import { asCommand, logged, matches } from "../models/dashboard/wire-log.js";
import { t, tn } from "../models/words.js";
import { copyText } from "../helpers/copying.js";
import { find, icon, make, reconcile, setText } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";

/** Entries on the page. */
const SHOWN = 150;

export function bindLog() {
  const list = find("#wire-log");
  const filter = find("#wire-filter");
  let entries = [];
  let count = 0;
  let due = false;

  /** Many messages may come at once; they are painted once. */
  function add(entry) {
    count += 1;
    entries = logged(entries, { ...entry, n: count });
    if (due) return;
    due = true;
    requestAnimationFrame(render);
  }

  function render() {
    due = false;
    const wanted = { ...Object.fromEntries(new FormData(filter)), beats: filter.elements.beats.checked };
    const found = entries.filter((entry) => matches(entry, wanted));
    reconcile(list, found.slice(-SHOWN).reverse(), ({ n }) => String(n), makeEntry);
    setText(find("#wire-count"), found.length < entries.length ? t("{n} of {all}", { n: found.length, all: entries.length }) : String(entries.length || ""));
    find("#wire-empty").hidden = found.length > 0;
    list.hidden = found.length === 0;
  }

  filter.addEventListener("input", render);
  filter.addEventListener("submit", (event) => event.preventDefault());
  find("#wire-clear").addEventListener("click", () => {
    entries = [];
    render();
    find("#wire-clear").focus();
  });
  return { add };
}

function makeEntry(entry) {
  const { actor, kind, way, title, status, ms, at, sent, got } = entry;
  const time = new Date(at).toISOString().slice(11, 23);
  const arrow = kind === "http" ? "⇄" : way === "out" ? "→" : "←";
  const bad = status !== undefined && (status === 0 || status >= 400);
  const head = [
    make("time", { datetime: new Date(at).toISOString() }, time),
    make("span", { class: `who who-${actor}` }, actor === "host" ? t("Host") : t("Guest")),
    make("span", { class: "arrow", "aria-hidden": "true" }, arrow),
    make("span", { class: "wire-title" }, title),
    status !== undefined && make("span", { class: bad ? "status bad" : "status" }, status || "—"),
    ms !== undefined && make("span", { class: "dim" }, t("{n} ms", { n: ms })),
  ];
  const label = kind === "http" ? t("Copy as curl") : t("Copy");
  const copy = make("button", { type: "button", class: "button small quiet", "aria-label": label, title: label }, icon("copy"));
  copy.addEventListener("click", async () => toast((await copyText(asCommand(entry))) ? t("Copied. The token in it is a variable of your shell’s.") : t("It cannot be copied here.")));
  const bodies = [sent, got].filter(Boolean).map((text) => make("pre", { tabindex: "0" }, text));
  const row = bodies.length > 0 ? make("details", {}, make("summary", {}, ...head), ...bodies) : make("p", { class: "bare" }, ...head);
  const size = (sent?.length ?? 0) + (got?.length ?? 0);
  if (size > 0) row.firstElementChild.append(make("span", { class: "dim size" }, tn("{n} character", "{n} characters", size)));
  return make("li", {}, row, copy);
}
