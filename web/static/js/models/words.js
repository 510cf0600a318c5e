/** What the page says, in the reader's language. A sentence is looked up by its English, which stands where there is none. */
import { LANGUAGE, WORDS } from "../words.js";

const rules = new Intl.PluralRules(LANGUAGE);
const numbers = new Intl.NumberFormat(LANGUAGE);

export const language = LANGUAGE;

/**
 * `t("Hello {name}", { name })`. The English is written out at the call: that is how it is found for translating.
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
  return filled(forms[rules.select(n)] ?? forms.other, { n: numbers.format(n), ...values });
}

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
