/**
 * The log of all that goes over the wire: what is kept of a call or a message, never a whole token; and what one can do with
 * it. Pure.
 *
 * @typedef {{n: number, at: number, actor: "host" | "guest", kind: "http" | "ws", way: "out" | "in", title: string,
 *   status?: number, ms?: number, sent?: string, got?: string, method?: string, url?: string, dialect?: string, beat?: boolean, authorized?: boolean}} Entry
 *   `beat`: a ping or its answer
 */

/** Entries kept. */
export const KEPT = 500;
/** What one of them may hold of a body. */
const LONGEST = 20_000;
const SECRET = new Set(["token", "access", "refresh", "access_token", "refresh_token", "password"]);
const JWT = /eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]{4,}/g;

/** The ends of a secret, enough to tell two apart. */
export function short(secret) {
  return secret.length > 16 ? `${secret.slice(0, 6)}…${secret.slice(-4)}` : "…";
}

/** A value without its secrets: those that their name gives away, those that look like tokens, and those that are known. */
export function told(value, secrets = []) {
  if (typeof value === "string") return untold(value, secrets);
  if (Array.isArray(value)) return value.map((each) => told(each, secrets));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([key, each]) => [key, SECRET.has(key) && typeof each === "string" ? short(each) : told(each, secrets)]);
  return Object.fromEntries(entries);
}

function untold(text, secrets) {
  const known = secrets.filter(Boolean).reduce((left, secret) => left.replaceAll(secret, short(secret)), text);
  return known.replace(JWT, short);
}

/** A body as the log shows it. */
export function shown(value, secrets) {
  if (value === undefined || value === null) return "";
  const text = JSON.stringify(told(value, secrets), null, 2);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** @param {Entry[]} entries @param {Entry} entry @returns {Entry[]} with the oldest gone where there are too many */
export function logged(entries, entry) {
  return [...entries, entry].slice(-KEPT);
}

/** @param {Entry} entry @param {{text?: string, kind?: string, actor?: string, beats?: boolean}} wanted */
export function matches(entry, { text = "", kind = "", actor = "", beats = false }) {
  if ((kind && entry.kind !== kind) || (actor && entry.actor !== actor) || (entry.beat && !beats)) return false;
  const found = `${entry.title} ${entry.status ?? ""} ${entry.sent ?? ""} ${entry.got ?? ""}`.toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => found.includes(word));
}

/** What to type into a terminal to do the same; the token is a variable there. @param {Entry} entry */
export function asCommand(entry) {
  const name = `$${entry.actor.toUpperCase()}_TOKEN`;
  if (entry.kind === "ws") {
    if (entry.url) return `websocat "${entry.url.replace(/token=[^&]*/, `token=${name}`)}"`;
    return JSON.stringify(JSON.parse(entry.sent || entry.got || "null"));
  }
  const parts = [`curl -X ${entry.method} ${quoted(entry.url ?? "")}`];
  if (entry.authorized) parts.push(`-H "Authorization: Bearer ${name}"`);
  if (entry.sent) parts.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(JSON.parse(entry.sent)))}`);
  return parts.join(" ");
}

/** For a POSIX shell. */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
