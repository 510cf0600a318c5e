/** The last page of a room: why it is over for this person, and where to go from here. */
import { find, findAll, setText } from "../helpers/dom.js";
import { t } from "../models/words.js";

const WORDS = {
  1000: [t("You have left the room"), t("Come back with the code whenever you like."), t("Come back in"), "leave"],
  4500: [t("Something is wrong with this page"), t("The server did not understand it. Loading it again usually helps."), t("Load again"), "sync"],
  4501: [t("You have been signed out"), t("Enter again with your name, and you are back where you were."), t("Enter again"), "people"],
  4503: [t("This room is not open to you"), t("The host has closed its door, or has asked you to leave."), t("Try again"), "close"],
  4504: [t("There is no such room"), t("It was closed, or its code was never one of ours."), null, "search"],
};
const CLOSED = [t("The room has closed"), t("The host has turned the lights off. Thank you for listening."), null, "theme"];

/** What the reason of a closing says more closely than its code. */
const REASONS = {
  banned: [t("You are banned from this room"), t("A host of the room can let you in again."), null, "close"],
  kicked: [t("You were sent away"), t("A host of the room asked you to leave. The code still opens the door."), t("Come back in"), "leave"],
  not_admitted: [t("Not this time"), t("The host has not opened the door. You may knock again."), t("Knock again"), "close"],
  room_full: [t("The room is full"), t("There is no place left in it. When somebody goes, there is one for you."), t("Try again"), "people"],
  too_many_sockets: [t("You have this room open elsewhere"), t("One person can have it open ten times. Close another tab or device, then come back here."), t("Try again"), "copy"],
};

/**
 * @param {{code: number, reason?: string}} status of the connection @param {boolean} wasIn whether this page has seen the room
 * @param {{how: string, reason: string} | null} removed how this person was removed, where that was said
 */
export function sayFarewell({ code, reason }, wasIn, removed) {
  const words = code === 4504 && wasIn ? CLOSED : (REASONS[removed?.how ?? reason] ?? WORDS[code] ?? WORDS[4500]);
  const [title, text, again, symbol] = words;
  show({ title, text: removed?.reason ? `${text} “${removed.reason}”` : text, again, symbol });
}

/** Whoever waits until the host lets them in sees that, and comes in by itself. @param {string} phase of the connection */
export function showDoor(phase) {
  const page = find("#farewell");
  if (phase === "door" && page.hidden) {
    const title = document.title;
    show({ title: t("The host has been asked"), text: t("You come in as soon as they say yes. Keep this page open."), again: null, symbol: "chat" });
    page.dataset.door = title;
  } else if (phase === "live" && page.dataset.door !== undefined) {
    page.hidden = true;
    find("main").inert = false;
    document.title = page.dataset.door;
    delete page.dataset.door;
  }
}

/** @param {{title: string, text: string, again: string | null, symbol?: string}} words */
export function show({ title, text, again, symbol = "sync" }) {
  const page = find("#farewell");
  const button = find("button", page);
  setText(find("h2", page), title);
  setText(find(".lead", page), text);
  button.hidden = again === null;
  setText(button, again ?? "");
  button.onclick = () => location.reload();
  find("use", page).setAttribute("href", `#i-${symbol}`);
  for (const dialog of findAll("dialog[open]")) dialog.close();
  find("main").inert = true;
  page.hidden = false;
  page.focus();
  document.title = `${title} · roomd`;
}
