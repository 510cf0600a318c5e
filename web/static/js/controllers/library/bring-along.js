/** What somebody kept as a guest comes along, if they like, when they sign in or make an account. */
import { request, requestAs } from "../../helpers/api.js";
import { open } from "../../helpers/dialog.js";
import { find, setText } from "../../helpers/dom.js";
import { songs as songCount } from "../../models/library/say.js";
import { Session } from "../../models/session.js";
import { listed, t, tn } from "../../models/words.js";

const LISTS = "/api/playlists/playlists";
/** Songs that are added at once. */
const LOT = 100;

/** @param {{session: import("../../models/session.js").Session, api: Function}} parts */
export function bindBringAlong({ session, api }) {
  let asGuest = null;

  // Signing in puts somebody else in the guest's place, so who it was is noted before.
  const note = () => {
    if (session.user?.is_guest) asGuest = apart(session.signed);
  };
  document.addEventListener("submit", note, { capture: true });

  function ask(lists, favourites) {
    const dialog = find("#bring");
    const kept = [lists.length > 0 && tn("{n} playlist", "{n} playlists", lists.length), favourites.length > 0 && t("favourites: {songs}", { songs: songCount(favourites.length) })];
    setText(find("p", dialog), t("You kept this as a guest: {what}. It can come along into your account.", { what: listed(kept.filter(Boolean)) }));
    dialog.returnValue = "";
    open(dialog);
    return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
  }

  async function copy({ id, name, description, is_public: shared }) {
    const { tracks } = await asGuest("GET", `${LISTS}/${id}/`);
    const made = await api("POST", `${LISTS}/`, { body: { name, description, is_public: shared } });
    for (let at = 0; at < tracks.length; at += LOT) {
      const ids = tracks.slice(at, at + LOT).map(({ track_id: song }) => song);
      await api("POST", `${LISTS}/${made.id}/add_tracks/`, { body: { tracks: ids } });
    }
  }

  /** Fails with ApiError where it could not all be brought. */
  return async function bringAlong() {
    if (!asGuest || !session.user || session.user.is_guest) return;
    const lists = (await asGuest("GET", `${LISTS}/?me=true&limit=500`)).filter(({ kind }) => kind !== "mood");
    const favourites = await asGuest("GET", "/api/playlists/favorites/?limit=10000");
    if (lists.length + favourites.length === 0 || !(await ask(lists, favourites))) return;
    // The oldest first, so that they stand in the same order.
    for (const list of [...lists].reverse()) await copy(list);
    for (const { track_id: id } of [...favourites].reverse()) await api("POST", "/api/playlists/favorites/add/", { body: { track_id: id } });
  };
}

/** The server as somebody whose place in this browser another takes. @param {import("../../models/session.js").Signed} signed */
function apart(signed) {
  let kept = JSON.stringify(signed);
  /** @type {any} */
  const storage = { getItem: () => kept, setItem: (_, value) => (kept = value), removeItem: () => (kept = null) };
  return requestAs(new Session({ storage, request }));
}
