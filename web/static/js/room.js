/**
 * The room's page as far as it is needed to be in the room: who plays what, the queue, the people, the talk. What makes the
 * sound, and all that opens over the room, is room-later.js, which comes when this is there.
 */
import { RoomClient } from "./client/client.js";
import { Outbox } from "./client/outbox.js";
import { bindBanner } from "./controllers/banner.js";
import { bindChat } from "./controllers/chat.js";
import { enter } from "./controllers/enter.js";
import { sayFarewell, show as showFarewell, showDoor } from "./controllers/farewell.js";
import { bindHearts } from "./controllers/hearts.js";
import { bindKept } from "./controllers/kept.js";
import { bindPeople } from "./controllers/people.js";
import { bindQueue } from "./controllers/queue.js";
import { bindSound } from "./controllers/sound.js";
import { bindTransport } from "./controllers/transport.js";
import { bindViews } from "./controllers/views.js";
import { exclusively, request, requestAs } from "./helpers/api.js";
import { paintCover, withhold } from "./helpers/cover.js";
import { bindDialogs } from "./helpers/dialog.js";
import { find } from "./helpers/dom.js";
import { earlySocket } from "./helpers/early-socket.js";
import { fetchLater, keepActs } from "./helpers/later.js";
import { explained } from "./helpers/refusals.js";
import { Staged } from "./helpers/staged.js";
import { toast } from "./helpers/toast.js";
import { isYouTubes } from "./models/elsewhere.js";
import { Preferences } from "./models/preferences.js";
import { Session } from "./models/session.js";
import { t } from "./models/words.js";

const { code, entry, later } = document.body.dataset;
/** Where the other script is waited for: what is done there is done once it has come. */
const WAITING = "#add, #embed, #in-step, #inbox, #keep, #keeping, #order, #seek, #settings, #share, #sync, #tap, #waiting, #who-may";
/** With nothing heard of the room for so long, what is left is fetched all the same. */
const QUIET_MS = 1_500;

function makeClient(session) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return new RoomClient({
    url: `${scheme}://${location.host}/ws/v1/${encodeURIComponent(code)}/`,
    token: () => session.token(),
    renewToken: () => session.renew(),
    reports: true,
    explain: explained,
    outboxOf: (user) => new Outbox({ storage: localStorage, room: code, user }),
    socket: earlySocket(window),
  });
}

function bindFirst(client, api, preferences) {
  const act = (type, fields) => client.run(type, fields).catch((fault) => toast(fault.message, { kind: "bad" }));
  /** What the other script makes, once it has: the deck and the emoji picker are wanted here. @type {any} */
  const made = {};
  let come;
  const all = new Promise((resolve) => (come = resolve));
  const sound = bindSound({ preferences, level: () => made.deck?.level() });
  const heart = bindHearts({ api });
  const transport = bindTransport({ client, act, sound, heart });
  const pickEmoji = (...asked) => all.then(() => made.pickEmoji(...asked));
  const chat = bindChat({ client, api, code, act, pickEmoji, storage: localStorage });
  const views = bindViews({ onShow: (view) => view === "chat" && chat.shown() });
  const queue = bindQueue({ client, act, heart });
  const people = bindPeople({ client, act });
  bindKept({ client });
  sound.onChange(() => client.state && transport.render(client.state));
  const parts = { transport, queue, chat, people };

  /** @param {{deck: object, pickEmoji: Function, stop: () => void, parts: Record<string, {render: (state: any) => void, announce?: Function}>}} more */
  function join(more) {
    Object.assign(made, more);
    Object.assign(parts, more.parts);
    for (const part of Object.values(more.parts)) if (client.state) part.render(client.state);
    window.roomd.player = made.deck;
    come();
    replay();
  }

  const replay = keepActs(WAITING);
  return { client, api, preferences, code, act, made, parts, sound, heart, transport, chat, views, join };
}

/** Passes on every change: parts with `render` show the room, those with `announce` tell of what happened. */
function pass({ client, parts, made }, banner, shown) {
  let removed = null;
  const staged = new Staged();

  /** All of a room takes a phone a third of a second: what one presses comes first, the rest part by part. */
  function showFirst(state) {
    parts.transport.render(state);
    parts.chat.ready(state);
    const others = Object.values(parts).filter((part) => part !== parts.transport);
    staged.run(others.map((part) => () => part.render(state))).then(shown);
  }

  client.listen(({ kind, commit, before }) => {
    if (kind === "status") {
      banner.render();
      showDoor(client.status.phase);
      if (client.status.phase !== "ended") return;
      made.stop?.();
      sayFarewell(client.status, client.state !== null, removed);
      return;
    }
    if (kind === "pulse") {
      parts.people.beat();
      return;
    }
    staged.finish();
    if (kind === "state" && !before) {
      showFirst(client.state);
      return;
    }
    const gone = commit?.events.find(({ type, user, how }) => type === "member_left" && user === client.you?.id && how !== "left");
    if (gone) removed = gone;
    for (const part of Object.values(parts)) part.render(client.state);
    if (commit) for (const part of Object.values(parts)) part.announce?.(commit, before);
  });
}

function begin() {
  bindDialogs();
  const title = find("#cover").dataset.title;
  const preferences = new Preferences(localStorage);
  withhold((address) => isYouTubes(address) && !preferences.all.youtube);
  paintCover(find("#cover"), title ? { title } : null);
  const session = new Session({ storage: localStorage, request, exclusively });
  const api = requestAs(session);
  const client = makeClient(session);
  const first = bindFirst(client, api, preferences);
  let fetching = false;
  const fetchOnce = () => {
    if (!fetching) fetchLater(later);
    fetching = true;
  };
  // When the line is free: the room is there, or somebody has to say something first.
  pass(first, bindBanner({ client }), fetchOnce);
  client.listen(() => ["door", "ended"].includes(client.status.phase) && fetchOnce());
  window.roomd = { client, clock: client.clock, player: null, state: () => client.state };
  const fault = (/** @type {Error} */ { message }) => showFarewell({ title: t("That did not work"), text: message, again: t("Try again") });
  enter({ session, api, code, mode: entry }).then(() => client.open()).catch(fault);
  setTimeout(fetchOnce, find("dialog[open]") ? 0 : QUIET_MS);
  return first;
}

export const room = begin();
