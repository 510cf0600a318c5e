/** Joins the room's line to the device's player, and tells the room what only a player can know. */
import { currentEntry, lineOf, mayMeasure } from "../models/queue.js";
import { TICK_MS } from "../models/laws/law.js";
import { Deck } from "../models/deck.js";
import { elsewhere } from "../models/elsewhere.js";
import { Stuck } from "../models/stuck.js";
import { t } from "../models/words.js";
import { YouTubePlayer } from "../players/youtube.js";
import { find, make } from "../helpers/dom.js";

/** Whoever may skip gives a broken track so long before going on, when the room does not know where it ends. */
const GIVE_UP_MS = 4_000;
/** A player that has run dry for so long says so. */
const DRY_MS = 1_000;
/** Players that wait for parts of a file. (The others say themselves when nothing comes, or load it whole.) */
const BY_PARTS = new Set(["element", "jumping"]);

export function bindListen({ client, preferences, act, choose }) {
  const video = find("#video");
  const tap = find("#tap");
  const trouble = find("#trouble");
  let drySince = null;
  /** The wait that was answered: its entry and when it began. */
  let answered = "";
  const stuck = new Stuck();

  const deck = new Deck({
    choose,
    clock: client.clock,
    tell: (event) => heard[event.type]?.(event),
    level: () => preferences.all,
  });
  deck.trim = preferences.all.trim;

  const heard = {
    mode: ({ mode }) => {
      if (mode === "blocked") say(false);
      if (mode === "running") say(true);
      if (mode === "blocked") tap.hidden = false;
      if (mode === "running" || mode === "idle" || mode === "still") tap.hidden = true;
      if (mode !== "failed") trouble.hidden = true;
    },
    measured: ({ entry, duration_ms }) => {
      const current = entryPlaying(entry);
      if (current && mayMeasure(client.state, client.you.id, current)) act("measured", { entry, duration_ms });
    },
    ended: ({ entry }) => goOnFrom(entry),
    failed: ({ entry }) => {
      trouble.hidden = false;
      const said = make("span", {}, ...excuse(entryPlaying(entry)?.track));
      // It fails again with every change in the room; the link in it keeps its focus.
      if (trouble.textContent !== said.textContent) trouble.replaceChildren(said);
      setTimeout(() => deck.mode === "failed" && goOnFrom(entry), GIVE_UP_MS);
    },
  };

  /** Why nothing is heard, in words. */
  function excuse(track) {
    const place = track && elsewhere(track);
    if (place) {
      const link = make("a", { href: place.url, target: "_blank", rel: "noopener noreferrer" }, t("Open it on {name}", { name: place.name }));
      return [t("This plays on {name} only, not on this page.", { name: place.name }), " ", link, ". ", t("The room goes on; you are back with the next track.")];
    }
    if (track?.duration_ms == null) return [t("This track does not load.")];
    const again = make("button", { type: "button", class: "link", onclick: () => deck.resume() }, t("Try again"));
    return [t("This track does not load here. The room goes on; you are back with the next one."), " ", again];
  }

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

  /** What a room that waits, or might, wants to know of this player. */
  function report() {
    const { waiting } = client.state;
    const awaited = waiting?.missing.includes(client.you?.id) && answered !== `${waiting.entry} ${waiting.since}`;
    if (awaited && (deck.ready || deck.mode === "failed")) {
      answered = `${waiting.entry} ${waiting.since}`;
      act("ready", { entry: waiting.entry });
    }
    if (!deck.stalled) drySince = null;
    else if (drySince === null) drySince = performance.now();
    else if (performance.now() - drySince > DRY_MS && client.state.wait_buffering && !deck.player.alone) {
      drySince = Infinity;
      act("stalled", { entry: client.state.playback.entry });
    }
  }

  /** What came to a standstill for good is loaded anew: there may be more of it by now, or something else. */
  function unstick({ playback: { entry, playing, as_of: from } }) {
    const due = playing && client.clock.now() > from && BY_PARTS.has(deck.player?.name);
    const silent = due && (deck.stalled || deck.mode === "cued" || deck.mode === "over");
    const heard = deck.mode === "running" && !deck.stalled;
    if (stuck.look({ now: performance.now(), entry, silent, heard })) deck.reload();
  }

  tap.addEventListener("click", () => deck.resume());
  setInterval(() => {
    deck.tick();
    if (!client.state) return;
    report();
    unstick(client.state);
  }, TICK_MS);

  return {
    deck,
    render(state) {
      const line = lineOf(state);
      const embedded = line !== null && YouTubePlayer.takes(line);
      const film = line?.kind === "video" && !embedded && !elsewhere(line);
      video.hidden = !film;
      find("#embed").hidden = !embedded;
      find("#cover").hidden = film || embedded;
      subtitle(film ? currentEntry(state)?.track.subtitles : null);
      deck.follow(line);
    },
    stop: () => deck.follow(null),
  };
}
