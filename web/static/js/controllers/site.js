/** What all pages but a room's have in common: who one is, the theme, dialogs. */
import { exclusively, request, requestAs } from "../helpers/api.js";
import { withhold } from "../helpers/cover.js";
import { bindDialogs } from "../helpers/dialog.js";
import { find, findAll } from "../helpers/dom.js";
import { isDark, setTheme } from "../helpers/theme-choice.js";
import { isYouTubes } from "../models/elsewhere.js";
import { Preferences } from "../models/preferences.js";
import { Session } from "../models/session.js";
import { bindAccount } from "./account.js";
import { keepInstalled } from "./installed.js";

/** @param {{onUser?: () => void}} [more] `onUser`: somebody signed in or out on this page */
export function bindSite({ onUser = () => {} } = {}) {
  const session = new Session({ storage: localStorage, request, exclusively });
  const preferences = new Preferences(localStorage);
  bindDialogs();
  keepInstalled();
  const account = bindAccount({ session, onUser });
  find("#theme").addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
  for (const choice of findAll("select[data-language]")) choice.addEventListener("change", () => speak(choice.value));
  withhold((address) => isYouTubes(address) && !preferences.all.youtube);
  return { session, preferences, account, api: requestAs(session) };
}

/** For a year; the server looks at it before it looks at what the browser asks for (handlers/words.py). */
function speak(language) {
  document.cookie = `roomd_language=${language}; Path=/; Max-Age=31536000; SameSite=Lax`;
  location.reload();
}
