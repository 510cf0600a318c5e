/** The front page: ways in, one's own rooms, and what is on. */
import { bindMine } from "./controllers/home-mine.js";
import { bindCreate, bindJoin } from "./controllers/home-forms.js";
import { bindOpenRooms } from "./controllers/home-open.js";
import { bindScan } from "./controllers/home-scan.js";
import { bindSite } from "./controllers/site.js";
import { request } from "./helpers/api.js";
import { find } from "./helpers/dom.js";

const { session, api } = bindSite({ onUser: () => mine.look() });
const mine = bindMine({ session, api });
const go = (code) => location.assign(`/r/${code}`);

bindCreate({ session, api, go });
const join = bindJoin({ request, go });
bindScan({ join });
bindOpenRooms({ request });
mine.look();

/** The shortcuts of the installed app lead to one of the forms. */
function toForm() {
  const form = { "#create": find("#create"), "#join": find("#join") }[location.hash];
  form?.querySelector("input").focus();
}
addEventListener("hashchange", toForm);
// A browser that goes to the form takes the focus away as it arrives there, which is after this.
addEventListener("load", () => requestAnimationFrame(toForm));
