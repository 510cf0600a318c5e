/**
 * JSON Schema as people read it: what is in an object, in words, and an example of it.
 *
 * @typedef {{name: string, type: string, required: boolean, about: string, limits: string, depth: number}} Field
 */

const DEEPEST = 4;

/** Follows a reference into the document's components. */
export function resolved(schema, document) {
  const name = schema?.$ref;
  if (!name) return schema ?? {};
  return name.replace("#/", "").split("/").reduce((place, part) => place?.[part], document) ?? {};
}

/** The parts of `allOf`, as one object; of `anyOf`, those that are not null. */
function merged(schema, document) {
  const whole = resolved(schema, document);
  if (!whole.allOf) return whole;
  const parts = whole.allOf.map((part) => merged(part, document));
  return {
    type: "object",
    properties: Object.assign({}, ...parts.map((part) => part.properties)),
    required: parts.flatMap((part) => part.required ?? []),
  };
}

/** What it may be, each as it is named; null goes without saying. */
export function choices(schema, document) {
  const whole = resolved(schema, document);
  return (whole.anyOf ?? whole.oneOf ?? [schema]).filter((each) => each.type !== "null");
}

const isNullable = (schema) => (schema.anyOf ?? []).some((each) => each.type === "null");

/** A schema's type in a few words: `list of Song`, `text or null`, `"play" | "pause"`. */
export function typeOf(schema, document) {
  const name = schema?.$ref?.split("/").pop();
  if (name) return name;
  if (schema?.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema?.const !== undefined) return JSON.stringify(schema.const);
  if (schema?.anyOf) return schema.anyOf.map((each) => typeOf(each, document)).join(" | ");
  if (schema?.type === "array") return `${typeOf(schema.items ?? {}, document)}[]`;
  if (schema?.type === "object" && typeof schema.additionalProperties === "object") return `{…: ${typeOf(schema.additionalProperties, document)}}`;
  return schema?.type ?? "any";
}

/** Bounds and the usual value, as `1–100`, `≤ 500`, `= 10`. */
export function limitsOf(schema) {
  const low = schema.minimum ?? schema.minLength ?? schema.minItems;
  const high = schema.maximum ?? schema.maxLength ?? schema.maxItems;
  const range = low !== undefined && high !== undefined ? `${low}–${high}` : high !== undefined ? `≤ ${high}` : low !== undefined ? `≥ ${low}` : "";
  const usual = schema.default === undefined || schema.default === "" || schema.default === null || typeof schema.default === "object" ? "" : `= ${JSON.stringify(schema.default)}`;
  return [range, usual].filter(Boolean).join(", ");
}

/**
 * The fields of an object and of what is in it, each level deeper.
 * @returns {Field[]}
 */
export function fieldsOf(schema, document, depth = 0, above = []) {
  const whole = merged(schema, document);
  const within = schema.$ref ? [...above, schema.$ref] : above;
  const required = new Set(whole.required ?? []);
  return Object.entries(whole.properties ?? {}).flatMap(([name, part]) => {
    const own = { name, type: typeOf(part, document), required: required.has(name), about: part.description ?? "", limits: limitsOf(part), depth };
    const inner = heldBy(part, document);
    const again = inner?.$ref && within.includes(inner.$ref);
    if (!inner || again || depth + 1 >= DEEPEST) return [own];
    return [own, ...fieldsOf(inner, document, depth + 1, within)];
  });
}

/** The object that a field holds one or many of, or nothing. */
function heldBy(part, document) {
  const one = part.anyOf ? part.anyOf.find((each) => each.$ref || each.type === "array") : part;
  const item = one?.type === "array" ? one.items : one;
  return item && resolved(item, document).properties ? item : null;
}

/** What names are about, so that an example reads like one. */
const NAMED = {
  name: "Friday", room_name: "Friday", user_name: "Alice", userName: "Alice", username: "alice", email: "alice@example.org", password: "open sesame",
  code: "Q7K2MX", room_code: "Q7K2MX", url: "https://example.org/song.mp3", video_url: "https://example.org/film.mp4", videoUrl: "https://example.org/film.mp4",
  title: "Long Walk", artist: "Carol", message: "hello", text: "hello", emoji: "🎉", track_id: "local:1f0c", id: "c-1",
};

/** An example: what is required, and of the rest what says most; `full` takes everything. */
export function exampleOf(schema, document, { full = false, name = "", depth = 0 } = {}) {
  const whole = merged(schema, document);
  if (whole.const !== undefined) return whole.const;
  if (whole.enum) return whole.enum[0];
  if (whole.anyOf || whole.oneOf) return isNullable(whole) && !full && depth ? null : exampleOf(choices(whole, document)[0] ?? {}, document, { full, name, depth });
  if (whole.type === "array") return depth > DEEPEST ? [] : [exampleOf(whole.items ?? {}, document, { full, name, depth: depth + 1 })];
  if (whole.properties) return ofObject(whole, document, full, depth);
  if (whole.type === "object") return {};
  return plain(whole, name);
}

function ofObject(whole, document, full, depth) {
  if (depth > DEEPEST) return {};
  const required = new Set(whole.required ?? []);
  const names = Object.keys(whole.properties).filter((name) => full || required.has(name));
  const shown = names.length || full ? names : Object.keys(whole.properties).slice(0, 1);
  return Object.fromEntries(shown.map((name) => [name, exampleOf(whole.properties[name], document, { full, name, depth: depth + 1 })]));
}

function plain(schema, name) {
  if (schema.type === "boolean") return schema.default ?? true;
  if (schema.type === "integer" || schema.type === "number") return Math.max(schema.minimum ?? 0, schema.default ?? (schema.minimum ? schema.minimum : 0));
  if (schema.type === "null") return null;
  if (schema.format === "date-time") return "2026-01-02T20:15:00.000Z";
  return NAMED[name] ?? (schema.pattern ? "" : "…");
}
