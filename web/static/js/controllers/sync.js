/** How far this device is from the room: watched, told the server every few seconds, and shown on the badge. */
import { SyncReport } from "../models/sync-report.js";
import { distance, toneOf } from "../models/sync-words.js";
import { t } from "../models/words.js";
import { find, setText } from "../helpers/dom.js";

const LOOK_MS = 100;
const SHOW_MS = 1_000;
/** Above this it is not worth a number. */
const FAR_MS = 1_000;
/** Closer than this nobody can tell. */
const LEAST_MS = 0.1;
const WORDS = {
  idle: "", loading: t("Loading…"), buffering: t("Buffering…"), blocked: t("Tap to listen"), failed: t("Not playing here"), playing: t("Starting…"),
};

/** Milliseconds that the player is behind the room's line; null while nothing is to be heard. */
export function errorOf(deck) {
  if (deck.mode !== "running" || deck.stalled) return null;
  const [expected, actual] = [deck.expectedPosition(), deck.actualPosition()];
  return expected === null || actual === null ? null : expected + deck.trim - actual;
}

/** A live stream has no place that it could be off from. */
export function onAir(report) {
  return report?.state === "playing" && report.player === "live";
}

/** Whether there is nothing left to play here, though the room goes on: what this device was sent was shorter. */
export function endedHere(deck, room) {
  return deck.mode === "over" && Boolean(room?.playback.playing);
}

export function bindSync({ client, deck }) {
  const badge = find("#sync");
  const report = new SyncReport();

  function look() {
    const now = performance.now();
    report.note({ now, mode: deck.mode, stalled: deck.stalled, error: errorOf(deck), player: deck.player });
    if (client.clock.ready && client.status.phase === "live" && report.due(now)) tell(now);
  }

  function tell(now) {
    client.report({
      type: "sync",
      entry: client.state?.playback.entry ?? null,
      ...report.take(now),
      uncertainty: client.clock.uncertainty(),
      rtt: client.clock.rtt(),
      rate: deck.player?.effort().correction ?? 0,
      hidden: document.hidden,
    });
  }

  function words() {
    if (onAir(report)) return t("Live");
    return report.state === "still" ? stillWords(client.state) : WORDS[report.state];
  }

  function stillWords(room) {
    if (room?.waiting) return t("Waiting…");
    if (endedHere(deck, room)) return t("Ended here");
    return room?.playback.playing ? t("Starting…") : t("Paused");
  }

  function show() {
    const off = report.error(performance.now());
    const known = report.state === "playing" && off !== null;
    badge.dataset.tone = known ? toneOf(off) : "none";
    const text = !known ? words() : Math.abs(off) > FAR_MS ? t("Catching up…") : t("In step, {distance}", { distance: distance(Math.max(LEAST_MS, Math.abs(off))) });
    setText(find(".sync-text", badge), text || t("Sync"));
  }

  setInterval(look, LOOK_MS);
  setInterval(show, SHOW_MS);
  show();
  return report;
}
