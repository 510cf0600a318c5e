/** What the page says where the server refuses something: in the reader's language, by the refusal's code. */
import { part } from "./parts.js";
import { t } from "../models/words.js";

/** Longer than this nobody waits to be told that something did not work. */
const PATIENCE_MS = 1_500;

/** Refusals of the page's own, for which no server has to be asked. */
const OWN = {
  offline: t("The server cannot be reached. Is this device online?"),
  too_much_waits: t("Too much is waiting to be sent already."),
  discarded: t("It was not sent."),
  ended: t("You are not in the room any more."),
};

/**
 * The same refusal in the reader's words; in the server's, where those cannot be had at once.
 * @template {{code?: string, message?: string}} T @param {T | undefined} refusal @returns {Promise<T>}
 */
export async function explained(refusal) {
  if (!refusal?.code) return { ...refusal, message: refusal?.message ? capitalised(refusal.message) : t("Something went wrong") };
  if (OWN[refusal.code]) return { ...refusal, message: OWN[refusal.code] };
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, null));
  const words = await Promise.race([part("refusals").catch(() => null), late]);
  return words ? words.worded({ ...refusal, message: capitalised(refusal.message) }) : { ...refusal, message: capitalised(refusal.message) };
}

function capitalised(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
