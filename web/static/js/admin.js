/** The pages of those who run the server. */
import { bindActs } from "./controllers/admin/acts.js";
import { overview } from "./controllers/admin/overview.js";
import { audit, messages, people, requests, rooms, sessions } from "./controllers/admin/tables.js";
import { bindSite } from "./controllers/site.js";
import { bringIntoRow, find, findAll, make } from "./helpers/dom.js";
import { open } from "./helpers/dialog.js";
import { t } from "./models/words.js";

const SECTIONS = { overview, rooms, people, messages, requests, sessions, audit };
const { session, api } = bindSite({ onUser: () => show() });
const acts = bindActs({ api, lost: (fault) => failed(fault) });
let leave = () => {};
let shown = "";

function show() {
  leave();
  const [wanted, asked = ""] = location.hash.slice(1).split("?", 2);
  const name = Object.hasOwn(SECTIONS, wanted) ? wanted : "overview";
  const place = find("#section");
  for (const link of findAll("#sections a")) {
    if (link.hash.split("?")[0] === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!session.user || session.user.is_guest) {
    deny(t("Sign in with an admin's account to see this."));
    open(find("#account"));
    return;
  }
  const stop = new AbortController();
  leave = () => stop.abort();
  if (shown && shown !== name) scrollTo({ top: 0 });
  shown = name;
  place.ariaBusy = "true";
  const body = make("div");
  /** What is sought stands in the address: it can be linked to, and is there when one comes back. */
  const remember = (query) => {
    const hash = `${query}` ? `#${name}?${query}` : `#${name}`;
    if (!stop.signal.aborted && (location.hash || "#overview") !== hash) history.replaceState(history.state, "", hash);
  };
  SECTIONS[name]({ place: body, api, acts, signal: stop.signal, query: new URLSearchParams(asked), remember }).then(
    () => arrived(body, stop.signal),
    (fault) => stop.signal.aborted || failed(fault),
  );
}

function arrived(body, signal) {
  if (signal.aborted) return;
  find("#denied").hidden = true;
  find("#sections").hidden = false;
  // Only what is shown can be brought into sight.
  findAll("#sections [aria-current]").forEach(bringIntoRow);
  find("#section").replaceChildren(body);
  find("#section").ariaBusy = "false";
}

function failed(fault) {
  if (fault.status === 401 || fault.status === 403) deny(fault.message);
  else find("#section").replaceChildren(make("p", { class: "notice", role: "alert" }, fault.message));
  find("#section").ariaBusy = "false";
}

function deny(text) {
  find("#denied").textContent = text;
  find("#denied").hidden = false;
  find("#sections").hidden = true;
  find("#section").replaceChildren();
  find("#section").ariaBusy = "false";
}

addEventListener("hashchange", show);
show();
