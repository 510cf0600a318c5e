/** A list of what a route answers: searched, filtered, paged on, and kept up to date while it is looked at. */
import { make } from "../../helpers/dom.js";
import { toast } from "../../helpers/toast.js";
import { lately } from "../../models/admin/when.js";
import { locale, t, tn } from "../../models/words.js";

const PAGE = 50;
const MOST = 200;
const SLOW_MS = 300;
const AGAIN_MS = 30_000;

/**
 * A section. `filters` are the choices of one select, each with the query that it stands for; what is sought and chosen
 * stands in the page's address, so that a list can be linked to, and is the same when one comes back to it.
 * @param {{path: string, key: string, search?: () => string, filters?: () => [string, string][], head: () => string[],
 *   row: (found: any, parts: {acts: any}) => any[], nothing: () => string, about?: () => string}} what
 */
export function list({ path, key, search, filters, head, row, nothing, about }) {
  return async ({ place, api, acts, signal, query, remember }) => {
    const form = search ? searching(search(), filters?.() ?? [], query) : null;
    const body = make("tbody", { role: "rowgroup" });
    const more = make("button", { type: "button", class: "button", hidden: true }, t("More"));
    const empty = make("p", { class: "empty", hidden: true }, nothing());
    const told = make("p", { class: "visually-hidden", role: "status" });
    const names = head();
    // On a phone rows are shown as blocks, and what is shown so is a table to nobody unless it says so.
    const columns = make("tr", { role: "row" }, ...names.map((name) => make("th", { scope: "col", role: "columnheader" }, name || make("span", { class: "visually-hidden" }, t("Actions")))));
    const table = make("table", { role: "table" }, make("thead", { role: "rowgroup" }, columns), body);
    const scroll = make("div", { class: "admin-scroll", tabindex: "0" }, table, empty);
    place.append(...(form ? [form] : []), ...(about ? [make("p", { class: "dim" }, about())] : []), scroll, make("p", { class: "admin-more" }, more), told);
    const acting = { button: (act) => acts.button(act, again) };
    let asked = 0;

    function wanted() {
      const found = new URLSearchParams();
      if (!form) return found;
      const { q, show } = /** @type {any} */ (Object.fromEntries(new FormData(form)));
      if (q.trim()) found.set("q", q.trim());
      for (const [name, value] of new URLSearchParams(show)) found.set(name, value);
      return found;
    }

    async function ask({ on = false, limit = PAGE, aloud = true } = {}) {
      const turn = (asked += 1);
      const asking = wanted();
      asking.set("limit", String(limit));
      asking.set("offset", String(on ? body.children.length : 0));
      const found = (await api("GET", `${path}?${asking}`, { signal }))[key];
      if (turn !== asked) return;
      if (!on) body.replaceChildren();
      // What has moved down meanwhile is there already.
      const there = new Set([...body.children].map((each) => each.dataset.key));
      body.append(...found.filter((each) => !there.has(keyOf(each))).map(made));
      empty.hidden = body.children.length > 0;
      table.hidden = !empty.hidden;
      more.hidden = found.length < limit;
      if (aloud) told.textContent = tn("{n} row shown", "{n} rows shown", body.children.length);
      const rest = wanted();
      if (body.children.length > PAGE) rest.set("rows", String(body.children.length));
      remember(rest);
    }

    function made(each) {
      return make("tr", { role: "row", "data-key": keyOf(each) }, ...row(each, { acts: acting }).map((content, n) => cell(content, names[n])));
    }

    /** The same rows anew. What had the focus is gone with its row; its table is not. */
    async function again({ aloud = true } = {}) {
      await ask({ limit: Math.min(MOST, Math.max(PAGE, body.children.length)), aloud });
      if (document.activeElement === document.body && aloud) scroll.focus({ preventScroll: true });
    }

    /** Nobody is to lose their place: not while something in the table has the focus, is open or chosen, or is asked about. */
    function refresh() {
      const busy = body.contains(document.activeElement) || body.querySelector("details[open]") || document.querySelector("dialog[open]");
      if (document.hidden || busy || body.children.length > MOST || !getSelection()?.isCollapsed) return;
      again({ aloud: false }).catch(() => {});
    }

    function say(fault) {
      if (!signal.aborted) toast(fault.message, { kind: "bad" });
    }

    more.addEventListener("click", () => ask({ on: true }).catch(say));
    let timer = 0;
    form?.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => ask().catch(say), SLOW_MS);
    });
    form?.addEventListener("submit", (event) => event.preventDefault());
    const every = setInterval(refresh, AGAIN_MS);
    signal.addEventListener("abort", () => [clearInterval(every), clearTimeout(timer)]);
    await ask({ limit: Math.min(MOST, Math.max(PAGE, Number(query.get("rows")) || 0)), aloud: false });
  };
}

/** Lines and requests have ids of their room's alone. */
function keyOf({ id, room = "" }) {
  return `${room} ${id}`;
}

function searching(label, filters, query) {
  const form = make("form", { class: "admin-find", role: "search" });
  form.append(make("label", { class: "field" }, make("span", {}, label), make("input", { name: "q", type: "search", maxlength: "100", autocomplete: "off", value: query.get("q") ?? "" })));
  const rest = new URLSearchParams(query);
  for (const name of ["q", "rows"]) rest.delete(name);
  const select = make("select", { name: "show" }, ...filters.map(([value, text]) => make("option", { value, selected: value === `${rest}` }, text)));
  form.append(make("label", { class: "field short", hidden: filters.length === 0 }, make("span", {}, t("Show")), select));
  return form;
}

function cell(content, name) {
  const parts = Array.isArray(content) ? content.filter(Boolean) : [content];
  const does = parts.some((part) => part instanceof HTMLButtonElement);
  const empty = !parts.some((part) => part !== "");
  return make("td", { role: "cell", class: does ? "does" : empty ? "is-empty" : null, "data-name": name }, ...parts);
}

/** A second line of a cell. */
export function small(...parts) {
  const said = parts.filter(Boolean);
  return said.length > 0 ? make("small", {}, ...said) : null;
}

export function chip(text, good = false, bad = false) {
  return make("span", { class: good ? "chip is-good" : bad ? "chip is-bad" : "chip" }, text);
}

/** What people wrote: it may be long, be one word, and run the other way. */
export function said(text) {
  return make("span", { class: "said", dir: "auto" }, text);
}

export function when(ms) {
  return make("time", { datetime: new Date(ms).toISOString(), title: new Date(ms).toLocaleString(locale) }, lately(ms, Date.now(), locale));
}
