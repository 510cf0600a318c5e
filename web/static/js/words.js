/** The language of a page and its sentences; the server puts those of the reader's language in this place. */

/** @type {string} */
export const LANGUAGE = "en";

/** @type {Record<string, string | Record<string, string>>} English to the other language's sentence, or to its plural forms; the server puts a list here and numbers of it where sentences are said */
export const WORDS = {};
