/** The last page of a room: why it is over for this person, and where to go from here. */
import { find, findAll, setText } from "../helpers/dom.js";

const WORDS = {
  1000: ["You have left the room", "Come back with the code whenever you like.", "Come back in"],
  4500: ["Something is wrong with this page", "The server did not understand it. Loading it again usually helps.", "Load again"],
  4501: ["You have been signed out", "Enter again with your name, and you are back where you were.", "Enter again"],
  4503: ["This room is not open to you", "The host has closed its door, or has asked you to leave.", "Try again"],
  4504: ["There is no such room", "It was closed, or its code was never one of ours.", null],
};
const CLOSED = ["The room has closed", "The host has turned the lights off. Thank you for listening.", null];

/** @param {number} code a close code of the contract @param {boolean} wasIn whether this page has seen the room */
export function sayFarewell(code, wasIn) {
  const [title, text, again] = code === 4504 && wasIn ? CLOSED : (WORDS[code] ?? WORDS[4500]);
  show({ title, text, again });
}

/** Whoever waits until the host lets them in sees that, and comes in by itself. @param {string} phase of the connection */
export function showDoor(phase) {
  const page = find("#farewell");
  if (phase === "door" && page.hidden) {
    const title = document.title;
    show({ title: "The host has been asked", text: "You come in as soon as they say yes. Keep this page open.", again: null });
    page.dataset.door = title;
  } else if (phase === "live" && page.dataset.door !== undefined) {
    page.hidden = true;
    find("main").inert = false;
    document.title = page.dataset.door;
    delete page.dataset.door;
  }
}

/** @param {{title: string, text: string, again: string | null}} words */
export function show({ title, text, again }) {
  const page = find("#farewell");
  const button = find("button", page);
  setText(find("h2", page), title);
  setText(find(".lead", page), text);
  button.hidden = again === null;
  setText(button, again ?? "");
  button.addEventListener("click", () => location.reload());
  for (const dialog of findAll("dialog[open]")) dialog.close();
  find("main").inert = true;
  page.hidden = false;
  page.focus();
  document.title = `${title} · roomd`;
}
