/** On small screens one part of the room shows at a time; the bar at the bottom says which. */
import { find, findAll } from "../helpers/dom.js";

const TWO_COLUMNS = matchMedia("(min-width: 760px)");
/** Below the player there is room for the chat. */
const TALL = matchMedia("(min-width: 760px) and (min-height: 1000px)");

export function bindViews({ onShow }) {
  const buttons = findAll("#views button");

  function show(view) {
    document.body.dataset.view = view;
    mark();
    onShow(view);
  }

  function mark() {
    const { view } = document.body.dataset;
    // With the player always in sight, or the chat, they mean the queue beside it.
    const always = (TWO_COLUMNS.matches && view === "listen") || (TALL.matches && view === "chat");
    const current = always ? "queue" : view;
    for (const button of buttons) button.setAttribute("aria-current", String(button.dataset.view === current));
  }

  for (const button of [...buttons, find(".mini-open")]) button.addEventListener("click", () => show(button.dataset.view));
  find("#put-on").addEventListener("click", () => {
    show("queue");
    find("#search").focus();
  });
  for (const query of [TWO_COLUMNS, TALL]) query.addEventListener("change", mark);
  mark();
  return { show };
}
