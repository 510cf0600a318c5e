/**
 * A call as somebody has filled it in, ready to be sent or shown as curl.
 *
 * @typedef {{method: string, path: string, values: Record<string, string>, query: Record<string, string>, headers: Record<string, string>, body: string, token: string}} Filled
 */

/** The address with its parts and words in place. Parts that are missing stay as they are written. */
export function addressOf({ path, values = {}, query = {} }) {
  const filled = path.replace(/\{(\w+)\}/g, (whole, name) => (values[name] ? encodeURIComponent(values[name]) : whole));
  const words = Object.entries(query).filter(([, value]) => value !== "");
  return words.length ? `${filled}?${new URLSearchParams(words)}` : filled;
}

/** Names of the parts of the address that have no value yet. */
export function missingIn({ path, values = {} }) {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).filter((name) => !values[name]?.trim());
}

/** The headers that go with it. */
export function headersOf({ token, body, headers = {} }) {
  const filled = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ""));
  return { Accept: "application/json", ...(body ? { "Content-Type": "application/json" } : {}), ...(token ? { Authorization: `Bearer ${token}` } : {}), ...filled };
}

const quoted = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** The same from a terminal; a token is named, not shown. */
export function curlOf(filled, origin) {
  const { Accept, ...headers } = headersOf(filled);
  if (filled.token) headers.Authorization = "Bearer $TOKEN";
  const parts = filled.method === "GET" ? ["curl"] : ["curl", "-X", filled.method];
  parts.push(quoted(origin + addressOf(filled)));
  const lines = [parts.join(" ")];
  for (const [name, value] of Object.entries(headers)) lines.push(`-H ${name === "Authorization" ? `"${name}: ${value}"` : quoted(`${name}: ${value}`)}`);
  if (filled.body) lines.push(`-d ${quoted(compact(filled.body))}`);
  return lines.join(" \\\n  ");
}

function compact(text) {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}

/** Why a body cannot be sent; nothing where it can. */
export function wrongIn(body) {
  if (!body.trim()) return "";
  try {
    JSON.parse(body);
    return "";
  } catch (fault) {
    return fault.message;
  }
}

/** A text that may be JSON, set out in lines. */
export function setOut(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Whether all words of a search are in what something is called by; accents and case do not matter. */
export function matches(search, text) {
  const plain = (value) => value.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const where = plain(text);
  return plain(search).split(/\s+/).every((word) => where.includes(word));
}

/** Where a contract's socket is opened. SyncPlay is what its address speaks without a token. */
export function socketAddress(origin, path, room, token) {
  const base = `${origin.replace(/^http/, "ws")}${path.replace("{room}", encodeURIComponent(room))}`;
  return token ? `${base}?token=${encodeURIComponent(token)}` : base;
}
