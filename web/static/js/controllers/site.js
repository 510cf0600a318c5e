/** What all pages but a room's have in common: who one is, the theme, dialogs. */
import { exclusively, request, requestAs } from "../helpers/api.js";
import { withhold } from "../helpers/cover.js";
import { bindDialogs } from "../helpers/dialog.js";
import { find } from "../helpers/dom.js";
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
  bindAccount({ session, onUser });
  find("#theme").addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
  withhold((address) => isYouTubes(address) && !preferences.all.youtube);
  return { session, preferences, api: requestAs(session) };
}
