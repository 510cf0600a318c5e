/** Dialogs: the browser's own, which keep focus inside and close on Escape; here only opening and the ways out. */
import { find, findAll } from "./dom.js";

/** Wires every dialog's close buttons, a click beside it, and every button that opens one. */
export function bindDialogs(root = document) {
  for (const dialog of findAll("dialog", root)) {
    dialog.addEventListener("click", (event) => {
      const beside = event.target === dialog && !dialog.hasAttribute("data-stays");
      if (beside || event.target.closest("[data-close]")) dialog.close();
    });
  }
  for (const button of findAll("[data-opens]", root)) {
    button.addEventListener("click", () => open(find(`#${button.dataset.opens}`)));
  }
}

export function open(dialog) {
  if (!dialog.open) dialog.showModal();
}

/** Asks before something that cannot be taken back. @returns {Promise<boolean>} */
export function confirm({ title, text, yes }) {
  const dialog = find("#confirm");
  find("h2", dialog).textContent = title;
  find("p", dialog).textContent = text;
  find("[value=yes]", dialog).textContent = yes;
  dialog.returnValue = "";
  open(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
