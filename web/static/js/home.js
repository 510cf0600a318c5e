/** The front page. */
import { bindAccount } from "./controllers/account.js";
import { bindCreate, bindJoin } from "./controllers/home-forms.js";
import { exclusively, request, requestAs } from "./helpers/api.js";
import { paintCover, withhold } from "./helpers/cover.js";
import { bindDialogs } from "./helpers/dialog.js";
import { find, findAll } from "./helpers/dom.js";
import { isDark, setTheme } from "./helpers/theme-choice.js";
import { isYouTubes } from "./models/elsewhere.js";
import { Preferences } from "./models/preferences.js";
import { Session } from "./models/session.js";

const session = new Session({ storage: localStorage, request, exclusively });
const go = (code) => location.assign(`/r/${code}`);

bindDialogs();
bindAccount({ session });
bindCreate({ session, api: requestAs(session), go });
bindJoin({ request, go });
find("#theme").addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
const preferences = new Preferences(localStorage);
withhold((address) => isYouTubes(address) && !preferences.all.youtube);
for (const cover of findAll(".room-card .cover:not(.is-empty)")) paintCover(cover, { ...cover.dataset });
