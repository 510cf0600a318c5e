/** Why a song is there, in the reader's language: the server keeps the reason with the song, as an English sentence. Pure. */
import { t } from "./words.js";

/** In the order in which the server's own words can be told from each other. @type {[RegExp, (...names: string[]) => string][]} */
const REASONS = [
  [/^Because you liked “(.*)”$/, (title) => t("Because you liked “{title}”", { title })],
  [/^Because people in this room liked “(.*)”$/, (title) => t("Because people in this room liked “{title}”", { title })],
  [/^Because you listen to (.*)$/, (what) => t("Because you listen to {what}", { what })],
  [/^Because people in this room listen to (.*)$/, (what) => t("Because people in this room listen to {what}", { what })],
  [/^People here who heard the same played this$/, () => t("People here who heard the same played this")],
  [/^People here who heard “(.*)” played this$/, (title) => t("People here who heard “{title}” played this", { title })],
  [/^Goes with what was played$/, () => t("Goes with what was played")],
  [/^Goes with “(.*)”$/, (title) => t("Goes with “{title}”", { title })],
  [/^One of yours$/, () => t("One of yours")],
  [/^Somebody here likes it$/, () => t("Somebody here likes it")],
  [/^New here$/, () => t("New here")],
  [/^Popular here$/, () => t("Popular here")],
  [/^Popular on (.*)$/, (label) => t("Popular on {label}", { label })],
  [/^Something new$/, () => t("Something new")],
  [/^From the charts$/, () => t("From the charts")],
  [/^From the music folder$/, () => t("From the music folder")],
  [/^Not heard for the longest time$/, () => t("Not heard for the longest time")],
  [/^Again, as all there is was heard just now$/, () => t("Again, as all there is was heard just now")],
];

/** What the server calls the playlists that it makes. @type {[RegExp, (...names: string[]) => string][]} */
const PLAYLISTS = [
  [/^Your Daily Mood$/, () => t("Your Daily Mood")],
  [/^Your Daily Mood (\d+)$/, (n) => t("Your Daily Mood {n}", { n })],
  [/^What you like, and what goes with it\.$/, () => t("What you like, and what goes with it.")],
  [/^(.*), as you like it\.$/, (genre) => t("{genre}, as you like it.", { genre })],
  [/^Made of (.*)\.$/, (genre) => t("Made of {genre}.", { genre })],
];

/** @param {string} why as it came; what is not known stays */
export const reasonWords = (why) => said(REASONS, why);

/** What a playlist is called, or is said to be; people's own stay as they are. @param {string} kind @param {string} text */
export const playlistWords = (kind, text) => (kind === "mood" || kind === "genre" ? said(PLAYLISTS, text) : text);

function said(table, text) {
  for (const [pattern, say] of table) {
    const found = pattern.exec(text);
    if (found) return say(...found.slice(1));
  }
  return text;
}
