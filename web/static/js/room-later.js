/** What the room's page can do besides being in the room: sound, adding music, settings, and all that opens over it. */
import { bindAdd } from "./controllers/add.js";
import { bindAwake } from "./controllers/awake.js";
import { bindBack } from "./controllers/back.js";
import { bindConverting } from "./controllers/converting.js";
import { bindDrop } from "./controllers/drop.js";
import { bindEmoji } from "./controllers/emoji.js";
import { bindInbox } from "./controllers/inbox.js";
import { keepInstalled } from "./controllers/installed.js";
import { bindKeeping } from "./controllers/keeping.js";
import { bindListen } from "./controllers/listen.js";
import { bindMediaSession } from "./controllers/media-session.js";
import { bindOrder } from "./controllers/order.js";
import { bindProgress } from "./controllers/progress.js";
import { bindSettings } from "./controllers/settings.js";
import { bindShare } from "./controllers/share.js";
import { bindShortcuts } from "./controllers/shortcuts.js";
import { bindSync } from "./controllers/sync.js";
import { bindSyncPanel } from "./controllers/sync-panel.js";
import { bindWaiting } from "./controllers/waiting.js";
import { bindWaveform } from "./controllers/waveform.js";
import { find } from "./helpers/dom.js";
import { makePlayers } from "./players/players.js";
import { room } from "./room.js";

function bindRest({ client, api, preferences, code, act, sound, heart, transport, chat, views, join }) {
  const { choose, expect } = makePlayers({ audio: find("#audio"), video: find("#video"), embed: find("#embed"), clock: client.clock, preferences });
  const { url, kind, duration } = find("#cover").dataset;
  expect(url ? { entry: "", url, kind, duration_ms: Number(duration) * 1_000 } : null);
  const listen = bindListen({ client, preferences, act, choose });
  const { deck } = listen;
  deck.level();
  const progress = bindProgress({ client, deck, act });
  const mediaSession = bindMediaSession({ client, deck, act, sound, transport, progress });
  const inbox = bindInbox({ client, act });
  const settings = bindSettings({ client, deck, preferences, act });
  const waiting = bindWaiting({ client, act });
  const syncPanel = bindSyncPanel({ client, deck, preferences, report: bindSync({ client, deck }) });
  const waveform = bindWaveform({ api, deck });
  const order = bindOrder({ client, api, code });
  bindDrop({ api, add: bindAdd({ client, api, heart }), views });
  bindKeeping({ client, api, code });
  bindBack();
  bindConverting({ client, api, deck });
  bindShare({ client });
  bindAwake({ client, deck });
  bindShortcuts({ preferences, transport, progress, sound, views, chat });
  keepInstalled();
  const parts = { listen, progress, waveform, mediaSession, inbox, settings, waiting, syncPanel, order };
  join({ deck, pickEmoji: bindEmoji({ preferences }), stop: listen.stop, parts });
}

bindRest(room);
