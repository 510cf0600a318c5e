/** One actor of the dashboard: their token, room, socket, and what they do there. */
import { NOTHING } from "../models/dashboard/facts.js";
import { DIALECTS } from "../models/dashboard/dialects.js";
import { short } from "../models/dashboard/wire-log.js";
import { roomCode } from "../models/format.js";
import { t } from "../models/words.js";
import { copyText } from "../helpers/copying.js";
import { find, findAll, setText } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";
import { bindView } from "./dashboard-view.js";

/** After which acts over HTTP the playlist, or the request log, is another one. */
const CHANGES_QUEUE = new Set(["add", "remove", "move", "shuffle", "clear"]);
const CHANGES_REQUESTS = new Set(["ask", "decide", "withdraw"]);

/** What each act is over HTTP, where the socket is closed or its contract has no word for it. */
const OVER_HTTP = {
  control: (action) => ["POST", "control/", { action }],
  seek: ({ position }) => ["POST", "control/", { action: "seek", position }],
  add: (track) => ["POST", "queue/", track],
  remove: ({ id }) => ["DELETE", `queue/${id}/`],
  move: (fields) => ["POST", "queue/move/", fields],
  shuffle: () => ["POST", "queue/shuffle/", {}],
  clear: () => ["POST", "queue/clear/", {}],
  ask: (wish) => ["POST", "requests/", wish],
  withdraw: ({ request }) => ["POST", `requests/${request}/withdraw/`, {}],
  chat: ({ text }) => ["POST", "messages/", { text }],
  decide: ({ request, approve }) => ["POST", `requests/${request}/${approve ? "approve" : "reject"}/`, {}],
};

/** @param {{section: HTMLElement, makeWire: Function, onRoom?: (code: string) => void}} parts */
export function bindActor({ section, makeWire, onRoom = () => {} }) {
  const role = section.dataset.role;
  const error = find(":scope > .form-error", section);
  const form = (does) => find(`form[data-does=${does}]`, section);
  const [tokenForm, roomForm, socketForm] = ["token", "room", "socket"].map(form);
  let facts = NOTHING;
  let room = "";
  const wire = makeWire({ actor: role, status: showSocket, heard });
  const view = bindView({ section, role, act, ofRoom });
  const dialect = () => socketForm.elements.dialect.value;

  function heard(message) {
    const before = facts;
    facts = DIALECTS[dialect()].hear(facts, message, performance.now());
    if (facts.error !== before.error && facts.error) toast(`${role}: ${facts.error}`, { kind: "bad" });
    facts = { ...facts, error: "" };
    view.render(facts);
    if (facts.requests !== before.requests) attempt(view.fetchRequests);
  }

  function showSocket(phase, code, reason) {
    const words = { closed: t("Not connected"), connecting: t("Connecting"), open: t("Connected") };
    const status = find(".socket", section);
    status.dataset.phase = phase === "open" ? "live" : phase;
    setText(find(".socket-text", status), words[phase]);
    setText(find(".socket-said", section), code ? t("Closed with {code} {reason}", { code: String(code), reason: reason ?? "" }) : "");
    if (phase === "connecting") facts = NOTHING;
    socketForm.elements.dialect.disabled = phase !== "closed";
    view.render(facts);
  }

  /** Does something and says what went wrong, where the actor is. */
  async function attempt(run) {
    error.hidden = true;
    try {
      return await run();
    } catch (fault) {
      error.textContent = fault.message;
      error.hidden = false;
      return undefined;
    }
  }

  function ofRoom(method, path, body) {
    if (!room) throw new Error(t("First a room: create one, or join one."));
    return wire.call(method, `/api/rooms/${room}/${path}`, body);
  }

  /** Over the socket where it is open and has a word for it, otherwise over HTTP. */
  function act(name, fields = {}) {
    return attempt(async () => {
      const message = wire.open && DIALECTS[dialect()].says[name]?.(fields, wire.who, facts);
      if (message && wire.say(message)) return;
      const over = OVER_HTTP[name];
      await ofRoom(...(over ? over(fields) : OVER_HTTP.control(name)));
      if (CHANGES_QUEUE.has(name)) await view.fetchQueue();
      if (CHANGES_REQUESTS.has(name)) await view.fetchRequests();
    });
  }

  function know(who) {
    wire.who = { ...wire.who, ...who };
    setText(find(".token-said", section), wire.who.token ? t("Token {token}", { token: short(wire.who.token) }) : "");
    find("[data-does=copy-token]", section).disabled = !wire.who.token;
  }

  /** SyncPlay's private id is given to whoever comes without a token. */
  async function come(path, body) {
    const bare = dialect() === "syncplay" || !wire.who.token;
    const name = tokenForm.elements.name.value.trim() || role;
    const answer = await wire.call("POST", path, { ...body, ...(bare && { user_name: name }) }, { bare });
    know({ name, ...(answer.access_token && { token: answer.access_token }) });
    if (answer.status === "PENDING") return setText(find(".room-said", section), t("The host has to let you in."));
    room = answer.code;
    roomForm.elements.code.value = room;
    find("[data-does=copy-code]", section).disabled = false;
    setText(find(".room-said", section), t("In {room}, code {code}, as {name}.", { room: answer.name, code: room, name }));
    onRoom(room);
    return undefined;
  }

  const create = () => come("/api/rooms/create/", { room_name: roomForm.elements.room_name.value });
  function join() {
    const code = roomCode(roomForm.elements.code.value);
    if (!code) throw new Error(t("A code has six letters and digits, like Q7K 2MX."));
    return come("/api/rooms/join/", { code });
  }

  const submitted = (each, run) => each?.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => run(Object.fromEntries(new FormData(each))));
  });
  const pressed = (does, run) => find(`[data-does=${does}]`, section)?.addEventListener("click", () => attempt(run));
  submitted(tokenForm, async ({ name }) => {
    const { access_token: token } = await wire.call("POST", "/api/auth/guest/", { name: name.trim() }, { bare: true });
    know({ token, name: name.trim(), userId: "" });
  });
  pressed("use", () => {
    know({ token: tokenForm.elements.token.value.trim(), userId: "" });
    tokenForm.elements.token.value = "";
  });
  pressed("copy-token", async () => toast((await copyText(wire.who.token)) ? t("Copied.") : t("It cannot be copied here.")));
  pressed("copy-code", async () => toast((await copyText(room)) ? t("Copied.") : t("It cannot be copied here.")));
  submitted(roomForm, role === "host" ? create : join);
  pressed("join", join);
  submitted(socketForm, () => {
    if (!room) throw new Error(t("First a room: create one, or join one."));
    if (dialect() === "syncplay" && !wire.who.userId) throw new Error(t("SyncPlay knows people by a private id. With SyncPlay chosen, create or join once more to get one."));
    wire.connect(DIALECTS[dialect()], room);
  });
  pressed("disconnect", () => wire.disconnect());
  for (const button of findAll("[data-act]", section)) button.addEventListener("click", () => act(button.dataset.act));
  submitted(form("seek"), ({ position }) => act("seek", { position: Number(position) }));
  submitted(form("add"), (track) => act("add", track));
  submitted(form("chat"), ({ text }) => {
    form("chat").reset();
    return text.trim() && act("chat", { text });
  });
  submitted(form("ask"), (wish) => act("ask", view.wishOf(wish)));
  pressed("sample", async () => {
    const { tracks } = await wire.call("GET", "/api/catalogue/search/?q=&limit=5");
    if (tracks.length === 0) throw new Error(t("This server has no music of its own."));
    await ofRoom("POST", "queue/", { source: tracks[Math.floor(Math.random() * tracks.length)].id });
    await view.fetchQueue();
  });
  pressed("queue", () => view.fetchQueue());
  pressed("requests", () => view.fetchRequests());
  setInterval(() => view.tick(facts), 500);

  return {
    /** The code that the other one made. */
    invite(code) {
      roomForm.elements.code.value = code;
    },
  };
}
