/** On small screens one part of the room shows at a time; the bar at the bottom says which. */
import { find, findAll } from "../helpers/dom.js";

const TWO_COLUMNS = matchMedia("(min-width: 760px)");

export function bindViews({ onShow }) {
  const buttons = findAll("#views button");

  function show(view) {
    document.body.dataset.view = view;
    mark();
    onShow(view);
  }

  function mark() {
    const { view } = document.body.dataset;
    // With the player always in sight, "listen" means the queue beside it.
    const current = TWO_COLUMNS.matches && view === "listen" ? "queue" : view;
    for (const button of buttons) button.setAttribute("aria-current", String(button.dataset.view === current));
  }

  for (const button of [...buttons, find(".mini-open")]) button.addEventListener("click", () => show(button.dataset.view));
  TWO_COLUMNS.addEventListener("change", mark);
  mark();
  return { show };
}
