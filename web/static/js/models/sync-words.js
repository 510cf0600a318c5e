/** What players report, in words for people. */
import { ordered } from "./people.js";
import { t, tn } from "./words.js";

/** A report older than this says nothing about the present. */
const FRESH_MS = 15_000;
/** Closer than this two players in one room sound like one; from this on there is an echo. */
const ONE_MS = 10;
const ECHO_MS = 40;
/** Rows that anybody reads. */
const ROWS = 50;

const PLAYERS = {
  webaudio: "Web Audio", element: t("media element"), jumping: t("media element, by jumps"), youtube: "YouTube", live: t("live stream"),
};
const TROUBLES = { loading: t("loading"), buffering: t("buffering"), blocked: t("sound is blocked"), failed: t("cannot play this") };

/** @typedef {{state: string, player: string, error: number | null, p95: number | null, uncertainty: number, at: number}} Report */

export function playerWords(name) {
  return PLAYERS[name] ?? name;
}

/** 0.42 becomes "0.4 ms", 10 "10 ms", 12.3 "12 ms", 1234 "1.2 s". */
export function distance(ms) {
  const size = Math.abs(ms);
  const tenths = (value) => Math.round(value * 10) / 10;
  if (size >= 999.5) return t("{n} s", { n: tenths(size / 1_000) });
  return t("{n} ms", { n: size < 9.95 ? tenths(size) : Math.round(size) });
}

/** How far off, and on which side. */
export function offset(ms) {
  if (Math.abs(ms) < 0.05) return t("within {distance}", { distance: distance(0.1) });
  return ms > 0 ? t("{distance} behind", { distance: distance(ms) }) : t("{distance} ahead", { distance: distance(ms) });
}

/** @returns {"good" | "fair" | "bad"} */
export function toneOf(ms) {
  const size = Math.abs(ms);
  return size < ONE_MS ? "good" : size < ECHO_MS ? "fair" : "bad";
}

/** The reports of a pulse that are about the present. @returns {Record<string, Report>} */
export function fresh(pulse, now) {
  return Object.fromEntries(Object.entries(pulse?.members ?? {}).filter(([, report]) => now - report.at < FRESH_MS));
}

/** What keeps somebody from hearing the room, in a word or three; null when nothing does. */
export function troubleOf(member, report) {
  return member.online ? (TROUBLES[report?.state] ?? null) : null;
}

/**
 * How somebody is doing, as the list in the panel says it.
 * @returns {{text: string, tone: "good" | "fair" | "bad" | "none"}}
 */
export function standing(member, report) {
  /** @returns {{text: string, tone: "none"}} */
  const none = (text) => ({ text, tone: "none" });
  const trouble = troubleOf(member, report);
  if (!member.online) return none(t("away"));
  if (trouble) return { text: trouble, tone: report.state === "loading" ? "fair" : "bad" };
  if (member.listens === false) return none(t("not listening"));
  if (report?.state === "still") return none(t("paused"));
  if (report?.state !== "playing") return none("–");
  return report.error === null ? none(t("starting")) : { text: offset(report.error), tone: toneOf(report.error) };
}

/**
 * Everybody with how they do, those in trouble first; as many as anybody reads, and how many more there are.
 * @returns {{rows: {member: import("../client/room.js").Member, text: string, tone: string}[], more: number}}
 */
export function standings(members, reports, self) {
  const weight = { bad: 0, fair: 1, good: 2, none: 2 };
  const rows = ordered(members, self).map((member) => ({ member, ...standing(member, reports[member.id]) }));
  // Sorting keeps the order of equals.
  const sorted = rows.sort((a, b) => weight[a.tone] - weight[b.tone]);
  return { rows: sorted.slice(0, ROWS), more: Math.max(0, sorted.length - ROWS) };
}

/** The room in a sentence. */
export function roomWords(pulse) {
  if (!pulse || pulse.p95 === null) return t("Nobody reports yet");
  if (pulse.listeners === 1) return t("one player, within {distance}", { distance: distance(pulse.p95) });
  return t("half within {half}, 95 % within {most}", { half: distance(pulse.p50), most: distance(pulse.p95) });
}

/** What the curve shows, for those who do not see it. */
export function summaryWords(summary) {
  if (!summary) return t("Nothing was heard in the last minutes.");
  const { seconds } = summary;
  const span = seconds < 90 ? tn("{n} second", "{n} seconds", seconds) : tn("{n} minute", "{n} minutes", Math.round(seconds / 60));
  const near = { span, most: distance(summary.p95), worst: distance(summary.worst) };
  return t("Over the last {span}: within {most} for 95 of 100 seconds, {worst} at worst.", near);
}
