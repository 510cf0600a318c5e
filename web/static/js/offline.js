/** The page for when there is no server to be reached: it looks again by itself, and says what waits meanwhile. */
import { waitingRooms } from "./client/outbox.js";
import { find, make, setText } from "./helpers/dom.js";
import { t, tn } from "./models/words.js";

const AGAIN_MS = 5_000;

const title = find("h1");
const note = find("#trying");
const button = find("#again");
let timer = null;

function tell() {
  setText(title, navigator.onLine ? t("The server does not answer") : t("This device is offline"));
  const rooms = waitingRooms(localStorage);
  find("#kept").hidden = rooms.length === 0;
  find("#kept ul").replaceChildren(
    ...rooms.map(({ room, count }) => make("li", {}, make("b", { class: "code" }, room), " ", tn("{n} thing to send", "{n} things to send", count))),
  );
}

async function look() {
  clearTimeout(timer);
  setText(note, t("Looking…"));
  const answer = await fetch("/api/health/", { cache: "no-store" }).catch(() => null);
  if (answer?.ok) {
    // This page stands at the address that was asked for.
    if (location.pathname === "/offline") location.replace("/");
    else location.reload();
    return;
  }
  tell();
  setText(note, t("It looks again by itself every few seconds."));
  timer = setTimeout(look, AGAIN_MS);
}

button.addEventListener("click", look);
addEventListener("online", look);
addEventListener("offline", tell);
tell();
look();
