/** Rooms, people, lines, requests, sign-ins and admins' acts. */
import { make } from "../../helpers/dom.js";
import { deviceName } from "../../models/devices.js";
import { dotted, locale, number, t, tn } from "../../models/words.js";
import { chip, list, said, small, when } from "./list.js";

export const rooms = list({
  path: "/api/admin/rooms/",
  key: "rooms",
  search: () => t("Name or code"),
  filters: () => [["", t("All")], ["state=live", t("Live")], ["state=asleep", t("Asleep")], ["state=closed", t("Closed")]],
  head: () => [t("Room"), t("State"), t("Now"), t("People"), t("Songs"), t("Last used"), ""],
  row: (room, { acts }) => [
    [room.state === "closed" ? said(room.name) : make("a", { href: `/r/${room.code}`, dir: "auto" }, room.name), small(room.personal ? t("{code}, somebody's own queue", { code: room.code }) : room.code)],
    chip(state(room.state), room.state === "live"),
    room.playing ? [said(room.playing), small(room.is_playing ? t("playing") : t("paused"))] : "",
    [number(room.people), room.online ? small(t("{n} online", { n: room.online })) : null, members(room, acts)],
    number(room.tracks),
    when(room.last_activity),
    room.state === "closed" ? "" : acts.button({
      label: t("Close"), title: t("Close {name}?", { name: room.name }), text: closing(room),
      method: "DELETE", path: `/api/admin/rooms/${room.id}/`,
    }),
  ],
  nothing: () => t("No such room."),
});

export const people = list({
  path: "/api/admin/people/",
  key: "people",
  search: () => t("Name, username, email or id"),
  filters: () => [["", t("All")], ["kind=account", t("Accounts")], ["kind=guest", t("Guests")], ["admins=true", t("Admins")], ["banned=true", t("Shut out")]],
  head: () => [t("Person"), t("Kind"), t("Since"), t("Last seen"), ""],
  row: (person, { acts }) => [
    [said(person.name), small(dotted([person.username && `@${person.username}`, person.email]), " ", make("a", { href: `#sessions?q=${person.id}` }, t("Sign-ins")), " ", make("a", { href: `#audit?q=${person.id}` }, t("Acts")))],
    [person.banned_at ? chip(t("shut out"), false, true) : person.is_admin ? chip(t("admin"), true) : chip(person.guest ? t("guest") : t("account")), small(person.banned_why)],
    when(person.created_at),
    when(person.last_seen),
    [standing(person, acts), person.is_admin || person.guest || person.banned_at ? null : acts.button({
      label: t("Make an admin"), title: t("Make {name} an admin?", { name: person.name }), text: t("They see and do everything here from their next sign-in on."),
      method: "PATCH", path: `/api/admin/people/${person.id}/`, body: { admin: true }, bad: false,
    })],
  ],
  nothing: () => t("Nobody like that."),
});

export const messages = list({
  path: "/api/admin/messages/",
  key: "messages",
  search: () => t("Words, or who said them"),
  about: () => t("Lines of the last seven days."),
  head: () => [t("Line"), t("Who"), t("Room"), t("When"), ""],
  row: (line, { acts }) => [
    [said(line.text)],
    make("a", { href: `#people?q=${line.user_id}`, dir: "auto" }, line.user),
    inRoom(line),
    when(line.at),
    line.removed ? chip(t("removed")) : acts.button({
      label: t("Remove"), title: t("Remove this line?"), text: `${line.user}: ${line.text}`,
      method: "DELETE", path: `/api/admin/rooms/${line.room}/messages/${line.id}/`,
    }),
  ],
  nothing: () => t("Nobody said that."),
});

export const requests = list({
  path: "/api/admin/requests/",
  key: "requests",
  search: () => t("Song, link, or who asked"),
  about: () => t("Requests of the last seven days. Whoever runs the room decides them."),
  head: () => [t("Request"), t("Who"), t("Room"), t("When"), t("State")],
  row: (request) => [
    [said(request.title || request.url || t("a song of the queue")), small(wish(request.action))],
    make("a", { href: `#people?q=${request.user_id}`, dir: "auto" }, request.user),
    inRoom(request),
    when(request.at),
    [chip(fate(request.status), request.status === "approved"), small(request.reason)],
  ],
  nothing: () => t("Nobody asked for that."),
});

export const sessions = list({
  path: "/api/admin/sessions/",
  key: "sessions",
  search: () => t("Name, username, email or id"),
  head: () => [t("Who"), t("Device"), t("Since"), t("Last used"), ""],
  row: (session, { acts }) => [
    [make("a", { href: `#people?q=${session.user_id}`, dir: "auto" }, session.name)],
    [make("span", { title: session.user_agent }, deviceName(session))],
    when(session.created_at),
    when(session.last_used),
    acts.button({
      label: t("End"), title: t("End this sign-in of {name}?", { name: session.name }), text: t("Its connections close at once. They may sign in again."),
      method: "DELETE", path: `/api/admin/people/${session.user_id}/sessions/${session.id}/`,
    }),
  ],
  nothing: () => t("Nobody is signed in."),
});

export const audit = list({
  path: "/api/admin/audit/",
  key: "acts",
  search: () => t("Admin, whom or what, or why"),
  filters: () => [["", t("All")], ...Object.entries(deeds()).map(([act, name]) => /** @type {[string, string]} */ ([`act=${act}`, name]))],
  head: () => [t("When"), t("Admin"), t("What"), t("About"), t("Why")],
  row: (act) => [[when(act.at), small(new Date(act.at).toLocaleString(locale))], said(act.name), deeds()[act.act] ?? act.act, [said(act.what), small(act.about)], said(act.why)],
  nothing: () => t("No admin has done anything like that."),
});

function inRoom({ room, room_name }) {
  return [make("a", { href: `#rooms?q=${room}`, dir: "auto" }, room_name), small(room)];
}

function state(name) {
  return { live: t("live"), asleep: t("asleep"), closed: t("closed") }[name] ?? name;
}

function wish(action) {
  return { add: t("to be added"), play_next: t("to be played next"), remove: t("to be removed"), move: t("to be moved") }[action] ?? action;
}

function fate(status) {
  return { pending: t("waits"), approved: t("approved"), rejected: t("rejected"), withdrawn: t("withdrawn"), expired: t("expired") }[status] ?? status;
}

function deeds() {
  return {
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
}

function closing(room) {
  const there = room.online ? tn("{n} person is in it now.", "{n} people are in it now.", room.online) : t("Nobody is in it now.");
  return `${there} ${t("It ends for everybody in it, with its queue and chat. This cannot be taken back.")}`;
}

/** Who is in a live room, and what may be done about them there; made when somebody wants to see it. */
function members(room, acts) {
  if (!room.members?.length || room.personal) return null;
  const body = make("ul", { class: "admin-members" });
  const about = make("details", {}, make("summary", {}, t("Who")), body);
  about.addEventListener("toggle", () => {
    if (about.open && body.children.length === 0) body.append(...room.members.map((each) => member(room, each, acts)));
  });
  return about;
}

function member(room, { id, name, online }, acts) {
  const path = `/api/admin/rooms/${room.id}/members/${id}/`;
  const where = { name, room: room.name };
  return make(
    "li",
    {},
    make("a", { href: `#people?q=${id}`, dir: "auto" }, name),
    online ? chip(t("online"), true) : null,
    acts.button({ label: t("Send out"), title: t("Send {name} out of {room}?", where), text: t("They may come in again."), method: "DELETE", path }),
    acts.button({ label: t("Keep out"), title: t("Keep {name} out of {room}?", where), text: t("They are sent out, and may not come in again until the host lifts it."), method: "DELETE", path: `${path}?ban=true` }),
  );
}

function standing(person, acts) {
  const path = `/api/admin/people/${person.id}/`;
  if (person.is_admin) {
    return acts.button({ label: t("Take admin away"), title: t("Is {name} no admin any more?", { name: person.name }), text: t("They are signed out everywhere, and have to sign in again."), method: "PATCH", path, body: { admin: false } });
  }
  if (person.banned_at) {
    return acts.button({ label: t("Let in again"), title: t("Let {name} in again?", { name: person.name }), text: person.banned_why, method: "DELETE", path: `${path}ban/`, bad: false });
  }
  const text = person.guest ? t("They are signed out everywhere. A guest can come again under another name: to keep them out of a room, do that there.") : t("They are signed out everywhere and cannot sign in until you let them in again. Their rooms and lines stay.");
  return acts.button({ label: t("Shut out"), title: t("Shut {name} out?", { name: person.name }), text, method: "PUT", path: `${path}ban/` });
}
