/** How things are written for people. */
import { dotted, locale, tn, whenNeeded } from "./words.js";

/** 83000 becomes "1:23", and from an hour on "1:02:03". */
export function clockTime(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60), seconds % 60];
  const pad = (n) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** 83000 becomes "1 minute 23 seconds", for those who listen to the page. */
export function spokenTime(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60), seconds % 60];
  const said = [
    h > 0 && tn("{n} hour", "{n} hours", h),
    m > 0 && tn("{n} minute", "{n} minutes", m),
    (s > 0 || seconds === 0) && tn("{n} second", "{n} seconds", s),
  ];
  return new Intl.ListFormat(locale, { type: "unit", style: "narrow" }).format(said.filter(Boolean));
}

/** The hour and minute of a room time, in the reader's own way. */
export function timeOfDay(ms, where = locale) {
  return (where === locale ? clock() : clockOf(where)).format(ms);
}

const clockOf = (where) => new Intl.DateTimeFormat(where, { hour: "2-digit", minute: "2-digit" });
/** One for all lines of the chat: to make it takes 0.15 ms. */
const clock = whenNeeded(() => clockOf(locale));

/** 0.42 becomes "42%", as the language writes it. */
export function percent(share) {
  return new Intl.NumberFormat(locale, { style: "percent" }).format(share);
}

/** Up to two letters that stand for a name. */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = (word) => Array.from(word)[0] ?? "";
  return (words.length > 1 ? first(words[0]) + first(words.at(-1)) : first(words[0] ?? "?")).toUpperCase();
}

/** A hue for a text, the same everywhere: covers and faces that nobody painted get their colour from it. */
export function hueOf(text) {
  let hash = 2_166_136_261;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0), 16_777_619);
  // Similar titles differ in a few low bits; mixing spreads them over the circle.
  hash = Math.imul(hash ^ (hash >>> 16), 2_246_822_507);
  hash = Math.imul(hash ^ (hash >>> 13), 3_266_489_909);
  return ((hash ^ (hash >>> 16)) >>> 0) % 360;
}

/**
 * A text cut into plain parts and web links: `{text}` or `{text, href}`. Only http and https become links, and what ends a
 * sentence is no part of one.
 * @returns {{text: string, href?: string}[]}
 */
export function linked(text) {
  const parts = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(/\bhttps?:\/\/[^\s<>"'“”«»]+/gi)) {
    const link = found.replace(/[.,;:!?)\]}…]+$/, "");
    if (!isUrl(link)) continue;
    if (index > from) parts.push({ text: text.slice(from, index) });
    parts.push({ text: link, href: new URL(link).href });
    from = index + link.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

function isUrl(link) {
  try {
    return Boolean(new URL(link));
  } catch {
    return false;
  }
}

/**
 * The hue that a picture leaves in one's mind: its strong colours, added up around the circle. Null where it has none, as
 * a black and white one.
 * @param {ArrayLike<number>} pixels red, green, blue and alpha of each, 0 to 255
 */
export function hueOfPixels(pixels) {
  let [x, y, most] = [0, 0, 0];
  for (let n = 0; n < pixels.length; n += 4) {
    const [red, green, blue] = [pixels[n], pixels[n + 1], pixels[n + 2]];
    const span = Math.max(red, green, blue) - Math.min(red, green, blue);
    // Squared: a small bright sign on grey says more than the grey's own tint.
    const weight = (span / 255) ** 2 * (pixels[n + 3] / 255);
    const angle = (hueOfColour(red, green, blue) * Math.PI) / 180;
    x += Math.cos(angle) * weight;
    y += Math.sin(angle) * weight;
    most += weight;
  }
  if (most < pixels.length / 4 / 400 || Math.hypot(x, y) < most / 10) return null;
  return Math.round((Math.atan2(y, x) * 180) / Math.PI + 360) % 360;
}

/** The hues of the themes that a room can have by name. */
const THEMES = { amber: 40, rose: 345, violet: 275, ocean: 205, forest: 140, night: 235 };

/** The hue of a room's theme, by name or as `#rrggbb`; null when it has none. */
export function hueOfTheme(theme) {
  if (!theme) return null;
  if (theme in THEMES) return THEMES[theme];
  const [red, green, blue] = [1, 3, 5].map((from) => parseInt(theme.slice(from, from + 2), 16) / 255);
  return hueOfColour(red, green, blue);
}

function hueOfColour(red, green, blue) {
  const most = Math.max(red, green, blue);
  const span = most - Math.min(red, green, blue);
  if (!(span > 0)) return 0;
  const sector = most === red ? ((green - blue) / span + 6) % 6 : most === green ? (blue - red) / span + 2 : (red - green) / span + 4;
  return Math.round(sector * 60) % 360;
}

/** "Artist – Album", with what is known of it. */
export function byline(track) {
  return dotted([track.artist, track.album]);
}

const CODE = /^[2-9A-HJKMNP-TV-Z]{6}$/;

/**
 * The room code in what somebody typed or pasted: any case, spaces and dashes, or a whole link. Null when there is none.
 * @returns {string | null}
 */
export function roomCode(text) {
  const linked = /\/r\/([^/?#\s]+)/i.exec(text)?.[1];
  const code = (linked ?? text).replace(/[\s\-_.]/g, "").toUpperCase();
  return CODE.test(code) ? code : null;
}

/** The http(s) link in what somebody pasted, or null. */
export function mediaLink(text) {
  const trimmed = text.trim();
  if (!/^https?:\/\/\S+$/i.test(trimmed) && !trimmed.startsWith("/media/")) return null;
  return trimmed;
}

const VIDEO = /\.(mp4|m4v|webm|mov|ogv)$/i;

/** A track out of a bare link: whether it is a film shows in its ending, the rest is looked up by the server. */
export function trackOfLink(link) {
  const path = link.replace(/[?#].*$/, "");
  return { url: link, ...(VIDEO.test(path) && { kind: "video" }) };
}

/** The beginning of a text, in one line. */
export function excerpt(text, most) {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > most ? `${line.slice(0, most - 1).trimEnd()}…` : line;
}
