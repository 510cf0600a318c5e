/** What the page says, in the reader's language. A sentence is looked up by its English, which stands where there is none. */
import { LANGUAGE, WORDS } from "../words.js";

export const language = LANGUAGE;

/**
 * The language as `Intl` takes it: of the reader's own region where the browser names one, and in Arabic with the digits that
 * clocks, codes and the server's sentences have.
 */
export const locale = regional(globalThis.navigator?.languages ?? []);

/** The three of them take a phone 150 ms to make, so they are made when they are needed. */
const rules = whenNeeded(() => new Intl.PluralRules(locale));
const numbers = whenNeeded(() => new Intl.NumberFormat(locale));
const lists = whenNeeded(() => new Intl.ListFormat(locale));
/** Letters that run from right to left. */
const TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
/** What would turn a sentence around that it stands in. */
const OTHER_WAY = LANGUAGE === "ar" ? /[a-z\u00c0-\u024f\u0370-\u052f]/i : TO_LEFT;

/**
 * `t("Hello {name}", { name })`. The English is written out at the call: that is how it is found for translating.
 * Numbers are written as the language writes them; what is none but looks like one, as a code, is handed over as text.
 * @param {string} text @param {Record<string, string | number>} [values]
 */
export function t(text, values = {}) {
  const found = WORDS[text];
  return filled(typeof found === "string" ? found : text, values);
}

/**
 * `tn("{n} song", "{n} songs", count)`, with as many forms as the language has; they are kept under the second.
 * @param {string} one @param {string} many @param {number} n @param {Record<string, string | number>} [values]
 */
export function tn(one, many, n, values = {}) {
  /** @type {any} */
  const forms = WORDS[many] ?? { one, other: many };
  return filled(forms[rules().select(n)] ?? forms.other, { n, ...values });
}

/** 1200.5 becomes "1,200.5". @param {number} value */
export function number(value) {
  return numbers().format(value);
}

/** "Bob", "Bob and Carol", "Bob, Carol, and Dave". @param {string[]} names */
export function listed(names) {
  return lists().format(names.map(apart));
}

/** What stands beside each other in a line, with a point between; what is not there is left out. @param {(string | false | undefined)[]} parts */
export function dotted(parts) {
  return parts.filter(Boolean).map(apart).join(" · ");
}

/** A text of which nothing moves to the other side of what stands around it: between marks that are not seen (U+2068, U+2069). */
function apart(text) {
  return OTHER_WAY.test(text) ? `\u2068${text}\u2069` : text;
}

function filled(text, values) {
  const shown = (value) => (typeof value === "number" ? number(value) : apart(String(value)));
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? shown(values[name]) : whole));
}

/** @template T @param {() => T} make @returns {() => T} the same each time */
export function whenNeeded(make) {
  let made = null;
  return () => (made ??= make());
}

/** @param {readonly string[]} wanted */
function regional(wanted) {
  const own = wanted.find((each) => each.toLowerCase().split("-")[0] === LANGUAGE) ?? LANGUAGE;
  return LANGUAGE === "ar" ? new Intl.Locale(own, { numberingSystem: "latn" }).toString() : own;
}
