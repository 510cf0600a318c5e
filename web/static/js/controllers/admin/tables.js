/** Rooms, people, lines, sign-ins and admins' acts: each a table that is searched, and paged on. */
import { make } from "../../helpers/dom.js";
import { toast } from "../../helpers/toast.js";
import { lately } from "../../models/admin/when.js";
import { dotted, locale, number, t } from "../../models/words.js";

const PAGE = 50;
const MOST = 200;
const SLOW_MS = 300;

export const rooms = table({
  path: "/api/admin/rooms/",
  key: "rooms",
  search: () => t("Name or code"),
  filter: () => ["state", [["", t("All")], ["live", t("Live")], ["asleep", t("Asleep")], ["closed", t("Closed")]]],
  head: () => [t("Room"), t("State"), t("Now"), t("People"), t("Songs"), t("Last used"), ""],
  row: (room, { acts }) => [
    [room.state === "closed" ? room.name : make("a", { href: `/r/${room.code}` }, room.name), small(room.personal ? t("{code}, somebody's own queue", { code: room.code }) : room.code)],
    chip(state(room.state), room.state === "live"),
    room.playing ? [room.playing, small(room.is_playing ? t("playing") : t("paused"))] : "",
    [number(room.people), room.online ? small(t("{n} online", { n: room.online })) : null],
    number(room.tracks),
    when(room.last_activity),
    room.state === "closed" ? "" : acts.button({
      label: t("Close"), title: t("Close {name}?", { name: room.name }), text: t("It ends for everybody in it, with its queue and chat."),
      method: "DELETE", path: `/api/admin/rooms/${room.id}/`,
    }),
  ],
  nothing: () => t("No such room."),
});

export const people = table({
  path: "/api/admin/people/",
  key: "people",
  search: () => t("Name, username, email or id"),
  filter: () => ["kind", [["", t("All")], ["account", t("Accounts")], ["guest", t("Guests")]]],
  head: () => [t("Person"), t("Kind"), t("Since"), t("Last seen"), ""],
  row: (person, { acts }) => [
    [person.name, small(dotted([person.username && `@${person.username}`, person.email]))],
    person.banned_at ? chip(t("shut out"), false, true) : person.is_admin ? chip(t("admin"), true) : chip(person.guest ? t("guest") : t("account")),
    when(person.created_at),
    when(person.last_seen),
    [standing(person, acts), person.is_admin || person.guest ? null : acts.button({
      label: t("Make an admin"), title: t("Make {name} an admin?", { name: person.name }), text: t("They see and do everything here from their next sign-in on."),
      method: "PATCH", path: `/api/admin/people/${person.id}/`, body: { admin: true }, bad: false,
    })],
  ],
  nothing: () => t("Nobody like that."),
});

export const messages = table({
  path: "/api/admin/messages/",
  key: "messages",
  search: () => t("Words in a line of the last seven days"),
  head: () => [t("Line"), t("Who"), t("Room"), t("When"), ""],
  row: (line, { acts }) => [
    [line.text],
    line.user,
    [make("a", { href: `/r/${line.room}` }, line.room_name), small(line.room)],
    when(line.at),
    acts.button({
      label: t("Remove"), title: t("Remove this line?"), text: line.text,
      method: "DELETE", path: `/api/admin/rooms/${line.room}/messages/${line.id}/`,
    }),
  ],
  nothing: () => t("Nobody said that."),
});

export const sessions = table({
  path: "/api/admin/sessions/",
  key: "sessions",
  field: "user",
  search: () => t("Id of a person"),
  head: () => [t("Who"), t("Device"), t("Since"), t("Last used"), ""],
  row: (session, { acts }) => [
    [session.name, small(session.user_id)],
    session.user_agent,
    when(session.created_at),
    when(session.last_used),
    acts.button({
      label: t("End"), title: t("End this sign-in of {name}?", { name: session.name }), text: t("Its connections close at once."),
      method: "DELETE", path: `/api/admin/people/${session.user_id}/sessions/${session.id}/`,
    }),
  ],
  nothing: () => t("Nobody is signed in."),
});

export const audit = table({
  path: "/api/admin/audit/",
  key: "acts",
  head: () => [t("When"), t("Admin"), t("What"), t("About"), t("Why")],
  row: (act) => [when(act.at), act.name, deed(act.act), [act.what, small(act.about)], act.why],
  nothing: () => t("No admin has done anything yet."),
});

function state(name) {
  return { live: t("live"), asleep: t("asleep"), closed: t("closed") }[name] ?? name;
}

function deed(name) {
  const told = {
    close_room: t("closed a room"),
    kick: t("sent somebody out of a room"),
    ban_from_room: t("shut somebody out of a room"),
    remove_message: t("removed a line"),
    promote: t("made somebody an admin"),
    demote: t("took admin away"),
    ban: t("shut somebody out"),
    unban: t("let somebody in again"),
    end_session: t("ended a sign-in"),
  };
  return told[name] ?? name;
}

function standing(person, acts) {
  const path = `/api/admin/people/${person.id}/`;
  if (person.is_admin) {
    return acts.button({ label: t("Take admin away"), title: t("Is {name} no admin any more?", { name: person.name }), text: t("They have to sign in again."), method: "PATCH", path, body: { admin: false } });
  }
  if (person.banned_at) {
    return acts.button({ label: t("Let in again"), title: t("Let {name} in again?", { name: person.name }), text: person.banned_why, method: "DELETE", path: `${path}ban/`, bad: false });
  }
  return acts.button({ label: t("Shut out"), title: t("Shut {name} out?", { name: person.name }), text: t("They are signed out everywhere and cannot sign in."), method: "PUT", path: `${path}ban/` });
}

/**
 * A section that lists what a route answers.
 * @param {{path: string, key: string, field?: string, search?: () => string, filter?: () => [string, string[][]], head: () => string[],
 *   row: (found: any, parts: {acts: any}) => any[], nothing: () => string}} what
 */
function table({ path, key, search, field = "q", filter, head, row, nothing }) {
  return async ({ place, api, acts, signal }) => {
    const form = search || filter ? searching(search, filter) : null;
    const body = make("tbody", { role: "rowgroup" });
    const more = make("button", { type: "button", class: "button", hidden: true }, t("More"));
    const empty = make("p", { class: "empty", role: "status", hidden: true }, nothing());
    const names = head();
    // On a phone rows are shown as blocks, and what is shown so is a table to nobody unless it says so.
    const columns = make("tr", { role: "row" }, ...names.map((name) => make("th", { scope: "col", role: "columnheader" }, name || make("span", { class: "visually-hidden" }, t("Actions")))));
    const scroll = make("div", { class: "admin-scroll", tabindex: "0" }, make("table", { role: "table" }, make("thead", { role: "rowgroup" }, columns), body), empty);
    place.append(...(form ? [form] : []), scroll, make("p", { class: "admin-more" }, more));
    let asked = 0;

    const acting = { button: (act) => acts.button(act, again) };

    async function ask({ on = false, limit = PAGE } = {}) {
      const turn = (asked += 1);
      const query = new URLSearchParams({ limit: String(limit), offset: String(on ? body.children.length : 0) });
      if (form) for (const [name, value] of new FormData(form)) if (value) query.set(name === "q" ? field : name, String(value));
      const found = (await api("GET", `${path}?${query}`, { signal }))[key];
      if (turn !== asked) return;
      if (!on) body.replaceChildren();
      body.append(...found.map((each) => make("tr", { role: "row" }, ...row(each, { acts: acting }).map((content, n) => cell(content, names[n])))));
      empty.hidden = body.children.length > 0;
      more.hidden = found.length < limit;
    }

    /** The same rows anew. What had the focus is gone with its row; its table is not. */
    async function again() {
      await ask({ limit: Math.min(MOST, Math.max(PAGE, body.children.length)) });
      if (document.activeElement === document.body) scroll.focus({ preventScroll: true });
    }

    function say(fault) {
      if (!signal.aborted) toast(fault.message);
    }

    more.addEventListener("click", () => ask({ on: true }).catch(say));
    let timer = 0;
    form?.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => ask().catch(say), SLOW_MS);
    });
    form?.addEventListener("submit", (event) => event.preventDefault());
    await ask();
  };
}

function searching(search, filter) {
  const form = make("form", { class: "admin-find", role: "search" });
  if (search) form.append(make("label", { class: "field" }, make("span", {}, search()), make("input", { name: "q", type: "search", maxlength: "100", autocomplete: "off" })));
  if (filter) {
    const [name, choices] = filter();
    const select = make("select", { name }, ...choices.map(([value, text]) => make("option", { value }, text)));
    form.append(make("label", { class: "field short" }, make("span", {}, t("Show")), select));
  }
  return form;
}

function cell(content, name) {
  const parts = Array.isArray(content) ? content.filter(Boolean) : [content];
  const does = parts.some((part) => part instanceof HTMLButtonElement);
  const empty = !parts.some((part) => part !== "");
  return make("td", { role: "cell", class: does ? "does" : empty ? "is-empty" : null, "data-name": name }, ...parts);
}

function small(text) {
  return text ? make("small", {}, text) : null;
}

function chip(text, good = false, bad = false) {
  return make("span", { class: good ? "chip is-good" : bad ? "chip is-bad" : "chip" }, text);
}

function when(ms) {
  return make("time", { datetime: new Date(ms).toISOString(), title: new Date(ms).toLocaleString(locale) }, lately(ms, Date.now(), locale));
}
