/** The dashboard: two actors over the public interface, and the log of what they say. */
import { bindActor } from "./controllers/dashboard-actor.js";
import { bindLog } from "./controllers/dashboard-log.js";
import { bindSite } from "./controllers/site.js";
import { Wire } from "./client/wire.js";
import { find } from "./helpers/dom.js";

bindSite();
const { add } = bindLog();
const makeWire = (parts) => new Wire({ ...parts, log: add });
const guest = bindActor({ section: find("#guest"), makeWire });
bindActor({ section: find("#host"), makeWire, onRoom: (code) => guest.invite(code) });
