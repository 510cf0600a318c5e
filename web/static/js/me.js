/** The page of one's own account. */
import { bindLook } from "./controllers/look.js";
import { bindOwnData } from "./controllers/own-data.js";
import { bindProfile } from "./controllers/profile.js";
import { bindSessions } from "./controllers/sessions.js";
import { bindSite } from "./controllers/site.js";
import { findAll } from "./helpers/dom.js";

const { session, account, api } = bindSite({ onUser: () => render() });
const profile = bindProfile({ session, api, render: () => render() });
const sessions = bindSessions({ api });
bindOwnData({ session, api, render: () => render() });
bindLook();

/** What is there for whoever is signed in, for guests alone, or for nobody. */
function show(user) {
  const guest = Boolean(user?.is_guest);
  for (const part of findAll("[data-shown]")) part.hidden = (part.dataset.shown === "in") !== Boolean(user);
  if (!user) return;
  for (const part of findAll("[data-for]")) part.hidden = (part.dataset.for === "guest") !== guest;
}

async function render() {
  account.render();
  show(session.user);
  if (!session.user) return;
  // Either may find that the session is over, elsewhere or for its age.
  await Promise.all([profile.load(), sessions.load()]);
  account.render();
  show(session.user);
}

render();
