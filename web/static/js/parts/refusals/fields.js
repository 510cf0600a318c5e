/** What is wrong with a field, in the reader's language: the server says it as the end of an English sentence. */
import { t, tn } from "../../models/words.js";

/** @type {[RegExp, (...figures: number[]) => string][]} */
const REASONS = [
  [/^must not be empty$|^is required/, () => t("Please fill this in.")],
  [/^(?:must have at most|is longer than|has more than) (\d+) characters$/, (n) => tn("{n} character at most.", "{n} characters at most.", n)],
  [/^must have at least (\d+) characters$/, (n) => tn("{n} character at least.", "{n} characters at least.", n)],
  [/^must have (\d+) to (\d+) characters$/, (least, most) => t("From {least} to {most} characters.", { least, most })],
  [/^must have \d+ to (\d+) characters: letters/, (most) => t("2 to {most} letters and digits, and any of . _ + -", { most })],
  [/characters that cannot be shown$|control characters$|half a character$/, () => t("Some of these characters cannot be shown.")],
  [/^is taken$/, () => t("Somebody has that already.")],
  [/^must be an email address$/, () => t("That is no email address.")],
  [/^is one of the first that anybody would guess$/, () => t("That is one of the first that anybody would guess.")],
  [/^must not be the username or the email$/, () => t("It must not be the username or the email.")],
  [/^is not yours$/, () => t("That is not your password.")],
  [/^must be an http or https URL/, () => t("A link begins with https:// or http://.")],
  [/^must be (\d+) to (\d+)$/, (least, most) => t("A number from {least} to {most}.", { least, most })],
];

/** @param {string} reason as the server gives it; one that is not known stays */
export function fieldWords(reason) {
  for (const [pattern, say] of REASONS) {
    const found = pattern.exec(reason);
    if (found) return say(...found.slice(1).map(Number));
  }
  return reason;
}
