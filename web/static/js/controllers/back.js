/** The back button of a phone closes the sheet that is open, as it does in apps; and on a small screen leads back to the player. */
import { find, findAll } from "../helpers/dom.js";

export function bindBack() {
  /** Whether a step of the history stands for what is open. */
  let stepped = false;

  function opened() {
    if (stepped) return;
    history.pushState({ sheet: true }, "");
    stepped = true;
  }

  function closed() {
    // `close` comes after whatever opened next; then the step stands for that.
    if (!stepped || find("dialog[open]:not([data-stays])")) return;
    stepped = false;
    if (history.state?.sheet) history.back();
  }

  addEventListener("popstate", () => {
    if (!stepped) return;
    stepped = false;
    for (const dialog of findAll("dialog[open]:not([data-stays])")) dialog.close();
  });
  for (const dialog of findAll("dialog:not([data-stays])")) {
    new MutationObserver(() => dialog.open && opened()).observe(dialog, { attributeFilter: ["open"] });
    dialog.addEventListener("close", closed);
  }
  // After a reload the step is still there, and nothing is open.
  if (history.state?.sheet) history.back();
}
