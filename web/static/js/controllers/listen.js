/** Joins the room's line to the device's player, and tells the room what only a player can know. */
import { currentEntry, lineOf, mayMeasure, sections } from "../models/queue.js";
import { TICK_MS } from "../models/sync-law.js";
import { Deck } from "../models/deck.js";
import { Pilot } from "../models/pilot.js";
import { Voice } from "../models/voice.js";
import { find, make, setText } from "../helpers/dom.js";

/** Whoever may skip gives a broken track so long before going on, when the room does not know where it ends. */
const GIVE_UP_MS = 4_000;
/** So long before its end, the next track begins to load. */
const WARM_MS = 25_000;
/** Firefox and Safari move what is heard when the rate changes; there the law only jumps. */
const NUDGES = /Chrom(e|ium)\//.test(navigator.userAgent);

export function bindListen({ client, preferences, act }) {
  const audio = find("#audio");
  const video = find("#video");
  const tap = find("#tap");
  const trouble = find("#trouble");
  const spare = new Audio();
  spare.preload = "auto";

  const pilot = new Pilot({
    clock: client.clock,
    nudges: NUDGES,
    latency: preferences.all.latency,
    learned: (latency) => preferences.set({ latency }),
  });
  const deck = new Deck({
    voices: { audio: new Voice(audio), video: new Voice(video) },
    clock: client.clock,
    pilot,
    tell: (event) => heard[event.type]?.(event),
  });
  deck.trim = preferences.all.trim;

  const heard = {
    mode: ({ mode }) => {
      if (mode === "blocked") say(false);
      if (mode === "running") say(true);
      if (mode === "blocked") tap.hidden = false;
      if (mode === "running" || mode === "idle" || mode === "still") tap.hidden = true;
      if (mode !== "failed" && mode !== "loading") trouble.hidden = true;
    },
    measured: ({ entry, duration_ms }) => {
      const current = entryPlaying(entry);
      if (current && mayMeasure(client.state, client.you.id, current)) act("measured", { entry, duration_ms });
    },
    ended: ({ entry }) => goOnFrom(entry),
    failed: ({ entry }) => {
      const known = entryPlaying(entry)?.track.duration_ms != null;
      trouble.hidden = false;
      setText(trouble, known
        ? "This track does not load on this device. The room goes on; you are back with the next one."
        : "This track does not load.");
      setTimeout(() => deck.mode === "failed" && goOnFrom(entry), GIVE_UP_MS);
    },
  };

  /** Whether this person hears the room: told when it changes, for votes and for the others to see. */
  function say(on) {
    const me = client.state?.members.find((member) => member.id === client.you?.id);
    if (me && (me.listens ?? true) !== on) act("listen", { on });
  }

  function entryPlaying(entry) {
    const current = client.state && currentEntry(client.state);
    return current?.id === entry ? current : null;
  }

  /** The server moves on by itself where it knows the length; where it does not, whoever may skip says so. */
  function goOnFrom(entry) {
    if (entryPlaying(entry)?.track.duration_ms == null && client.may("skip")) act("next", { entry });
  }

  /** Subtitles come from this server only, whoever made them. */
  function subtitle(path) {
    const shown = find("track", video);
    if ((shown?.getAttribute("src") ?? null) === (path ?? null)) return;
    shown?.remove();
    if (path) video.append(make("track", { kind: "subtitles", src: path, default: true }));
  }

  function warmNext() {
    const { current, coming } = sections(client.state);
    const left = current?.track.duration_ms - deck.expectedPosition();
    const next = coming[0]?.track;
    if (left < WARM_MS && next && next.kind !== "video" && spare.dataset.url !== next.url) {
      spare.dataset.url = next.url;
      spare.src = next.url;
    }
  }

  tap.addEventListener("click", () => deck.resume());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && deck.resume());
  setInterval(() => deck.tick(), TICK_MS);
  setInterval(() => client.state && warmNext(), 2_000);

  return {
    deck,
    render(state) {
      const line = lineOf(state);
      const film = line?.kind === "video";
      video.hidden = !film;
      find("#cover").hidden = film;
      subtitle(film ? currentEntry(state)?.track.subtitles : null);
      deck.follow(line);
    },
    stop: () => deck.follow(null),
  };
}
