/** A link that another app shared: into which room with it? */
import { bindSite } from "./controllers/site.js";
import { paintCover } from "./helpers/cover.js";
import { find, icon, make } from "./helpers/dom.js";
import { onSubmit } from "./helpers/forms.js";
import { roomCode, trackOfLink } from "./models/format.js";
import { bySoonest, whatPlays } from "./models/room-list.js";
import { t } from "./models/words.js";

const { session, api } = bindSite({ onUser: look });
const shared = find("#shared");
const link = shared?.dataset.link ?? "";

/** Who may not add may ask. */
async function put(code) {
  const track = trackOfLink(link);
  try {
    await api("POST", `/api/rooms/${code}/queue/`, { body: track });
  } catch (fault) {
    if (fault.code !== "forbidden") throw fault;
    await api("POST", `/api/rooms/${code}/requests/`, { body: { action: "add", ...track } });
  }
  location.assign(`/r/${code}`);
}

function target(room) {
  const text = make("span", { class: "room-card-text" }, make("strong", {}, room.name), make("span", { class: "room-card-song" }, whatPlays(room) ?? t("Quiet for the moment")));
  const cover = make("span", { class: "cover" }, icon("note"));
  const button = make("button", { type: "button", class: "room-card" }, cover, text);
  paintCover(cover, room.current_song);
  button.addEventListener("click", async () => {
    const note = find("#share-error");
    note.hidden = button.disabled = true;
    await put(room.code).catch((fault) => {
      button.disabled = false;
      note.hidden = false;
      note.textContent = fault.message;
    });
  });
  return make("li", {}, button);
}

async function look() {
  if (!shared) return;
  const rooms = session.user ? await api("GET", "/rooms/api/rooms/").catch(() => []) : [];
  find("#targets").replaceChildren(...bySoonest(rooms).map(target));
}

if (shared) {
  paintCover(find("#shared-cover"), { title: link });
  const code = link.startsWith(`${location.origin}/r/`) ? roomCode(link) : null;
  find("#is-room").hidden = code === null;
  if (code) find("#is-room").href = `/r/${code}`;
  onSubmit(find("#fresh"), async ({ name, room_name }) => {
    if (!session.user && !name.trim()) throw Object.assign(new Error(t("And what should we call you?")), { fields: { name: "" } });
    if (!room_name.trim()) throw Object.assign(new Error(t("Give the room a name.")), { fields: { room_name: "" } });
    if (!session.user) await session.enterAsGuest(name.trim());
    const room = await api("POST", "/api/rooms/create/", { body: { room_name: room_name.trim(), visibility: "private" } });
    await put(room.code);
  });
}
look();
