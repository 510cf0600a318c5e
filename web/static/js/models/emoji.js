/** Emoji to pick from: read from a part of the page in the reader's language, and found by their names. */

/** @typedef {{emoji: string, name: string, words: string}} Emoji */

/** @param {[string, string[]][]} groups as `parts/emoji.js` has them @returns {{name: string, all: Emoji[]}[]} */
export function grouped(groups) {
  return groups.map(([name, texts]) => ({ name, all: texts.map(parsed) }));
}

/** The name begins with the first letter, whatever its script. */
function parsed(text) {
  const [shown, more = ""] = text.split("|");
  const at = shown.search(/\p{L}/u);
  const name = shown.slice(at);
  return { emoji: shown.slice(0, at), name, words: plain(`${name} ${more}`) };
}

/** Those of which each word of the text begins a word; those named so before those also called so. @param {Emoji[]} all */
export function emojiFor(all, text) {
  const wanted = plain(text).split(" ").filter(Boolean);
  const fits = (words) => wanted.every((each) => words.split(" ").some((word) => word.startsWith(each)));
  const found = all.filter((each) => fits(each.words) || each.emoji === text.trim());
  return found.sort((a, b) => Number(fits(plain(b.name))) - Number(fits(plain(a.name))));
}

/** Small letters without their accents: whoever looks for "cœur", "fête" or "أحمر" types whatever is quickest. */
function plain(text) {
  const letters = text.toLowerCase().replaceAll("œ", "oe").replaceAll("ß", "ss").normalize("NFD");
  return letters.replace(/\p{M}/gu, "").replace(/[\s’'-]+/g, " ").trim();
}

/** The emoji picked last, the latest first, each once. @param {string[]} before */
export function withRecent(before, emoji, most) {
  return [emoji, ...before.filter((each) => each !== emoji)].slice(0, most);
}
