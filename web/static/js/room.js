/** The room's page: makes the parts, hands them to each other, and passes on every change. */
import { RoomClient } from "./client/client.js";
import { Outbox } from "./client/outbox.js";
import { bindAdd } from "./controllers/add.js";
import { bindAwake } from "./controllers/awake.js";
import { bindBack } from "./controllers/back.js";
import { bindBanner } from "./controllers/banner.js";
import { bindChat } from "./controllers/chat.js";
import { bindConverting } from "./controllers/converting.js";
import { bindDeeds } from "./controllers/deeds.js";
import { bindDrop } from "./controllers/drop.js";
import { bindEmoji } from "./controllers/emoji.js";
import { enter } from "./controllers/enter.js";
import { sayFarewell, show as showFarewell, showDoor } from "./controllers/farewell.js";
import { bindHearts } from "./controllers/hearts.js";
import { bindInbox } from "./controllers/inbox.js";
import { bindKept } from "./controllers/kept.js";
import { keepInstalled } from "./controllers/installed.js";
import { bindKeeping } from "./controllers/keeping.js";
import { bindListen } from "./controllers/listen.js";
import { bindMediaSession } from "./controllers/media-session.js";
import { bindOrder } from "./controllers/order.js";
import { bindPeople } from "./controllers/people.js";
import { bindProgress } from "./controllers/progress.js";
import { bindQueue } from "./controllers/queue.js";
import { bindSettings } from "./controllers/settings.js";
import { bindShare } from "./controllers/share.js";
import { bindShortcuts } from "./controllers/shortcuts.js";
import { bindSound } from "./controllers/sound.js";
import { bindSync } from "./controllers/sync.js";
import { bindSyncPanel } from "./controllers/sync-panel.js";
import { bindTransport } from "./controllers/transport.js";
import { bindViews } from "./controllers/views.js";
import { bindWaiting } from "./controllers/waiting.js";
import { bindWaveform } from "./controllers/waveform.js";
import { makePlayers } from "./players/players.js";
import { exclusively, request, requestAs } from "./helpers/api.js";
import { paintCover, withhold } from "./helpers/cover.js";
import { bindDialogs } from "./helpers/dialog.js";
import { find } from "./helpers/dom.js";
import { earlyGuest, earlySocket, granted, redo } from "./helpers/early.js";
import { explained } from "./helpers/refusals.js";
import { Staged } from "./helpers/staged.js";
import { toast } from "./helpers/toast.js";
import { isYouTubes } from "./models/elsewhere.js";
import { Preferences } from "./models/preferences.js";
import { Session } from "./models/session.js";
import { t } from "./models/words.js";

const { code, entry } = document.body.dataset;
const { early } = window;

const GUEST = "/api/auth/guest/";

function makeClient(session) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return new RoomClient({
    url: `${scheme}://${location.host}/ws/v1/${encodeURIComponent(code)}/`,
    token: () => session.token(),
    renewToken: () => session.renew(),
    reports: true,
    explain: explained,
    outboxOf: (user) => new Outbox({ storage: localStorage, room: code, user }),
    socket: earlySocket(early),
  });
}

/** Every part of the page, by name; those with `render` show the room, those with `announce` tell of what happened. */
function bindAll(client, api, preferences) {
  const act = (type, fields, id) => client.run(type, fields, id).catch((fault) => toast(fault.message, { kind: "bad" }));
  const { choose, expect } = makePlayers({ audio: find("#audio"), video: find("#video"), embed: find("#embed"), clock: client.clock, preferences });
  const { url, kind, duration } = find("#cover").dataset;
  expect(url ? { entry: "", url, kind, duration_ms: Number(duration) * 1_000 } : null);
  const listen = bindListen({ client, preferences, act, choose });
  const { deck } = listen;
  const sound = bindSound({ preferences, deck });
  const heart = bindHearts({ api });
  const transport = bindTransport({ client, act, sound, heart });
  const progress = bindProgress({ client, deck, act });
  const chat = bindChat({ client, api, code, act, pickEmoji: bindEmoji({ preferences }), storage: localStorage });
  const views = bindViews({ onShow: (view) => view === "chat" && chat.shown() });
  const mediaSession = bindMediaSession({ client, deck, act, sound, transport, progress });
  const queue = bindQueue({ client, act, heart });
  const inbox = bindInbox({ client, act });
  const people = bindPeople({ client, act });
  const settings = bindSettings({ client, deck, preferences, act });
  const waiting = bindWaiting({ client, act });
  const syncPanel = bindSyncPanel({ client, deck, preferences, report: bindSync({ client, deck }) });
  const waveform = bindWaveform({ api, deck });
  const order = bindOrder({ client, api, code });
  bindDrop({ api, add: bindAdd({ client, api, heart }), views });
  bindKeeping({ client, api, code });
  bindBack();
  bindConverting({ client, api, deck });
  bindDeeds({ client });
  bindShare({ client });
  bindKept({ client });
  bindAwake({ client, deck });
  bindShortcuts({ preferences, transport, progress, sound, views, chat });
  sound.onChange(() => client.state && transport.render(client.state));
  return { listen, transport, progress, waveform, mediaSession, queue, inbox, people, chat, settings, waiting, syncPanel, order };
}

function pass(client, parts, banner) {
  let removed = null;
  const staged = new Staged();

  /** All of a room takes a phone most of a second: what is heard and pressed comes first, the rest part by part. */
  function showFirst(state) {
    const { listen, transport, chat, ...others } = parts;
    listen.render(state);
    transport.render(state);
    chat.ready(state);
    granted(early, { say: (text, id) => chat.say(text, undefined, id), press: transport.press });
    staged.run([chat, ...Object.values(others)].map((part) => () => part.render(client.state)));
  }

  client.listen(({ kind, commit, before }) => {
    if (kind === "status") {
      banner.render();
      showDoor(client.status.phase);
      if (client.status.phase !== "ended") return;
      parts.listen.stop();
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
    if (commit) for (const part of [parts.queue, parts.inbox, parts.chat, parts.waiting]) part.announce(commit, before);
  });
}

async function main() {
  bindDialogs();
  keepInstalled();
  const title = find("#cover").dataset.title;
  const preferences = new Preferences(localStorage);
  withhold((address) => isYouTubes(address) && !preferences.all.youtube);
  paintCover(find("#cover"), title ? { title } : null);
  const asked = (method, path, more) => request(method, path, { ...more, sent: path === GUEST ? earlyGuest(early, more.body.name) : undefined });
  const session = new Session({ storage: localStorage, request: asked, exclusively });
  const api = requestAs(session);
  const client = makeClient(session);
  const parts = bindAll(client, api, preferences);
  pass(client, parts, bindBanner({ client }));
  window.roomd = { client, clock: client.clock, player: parts.listen.deck, state: () => client.state };
  const entered = enter({ session, api, code, mode: entry });
  redo(early);
  await entered;
  client.open();
}

main().catch((fault) => showFarewell({ title: t("That did not work"), text: fault.message, again: t("Try again") }));
