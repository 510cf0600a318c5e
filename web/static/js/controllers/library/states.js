/** What stands where something is to come, where there is nothing, and where something went wrong. */
import { icon, make } from "../../helpers/dom.js";
import { t } from "../../models/words.js";

/** Rows that are on their way. */
export function skeletonRows(count) {
  const row = () => make("div", { class: "ghost-row" }, make("span", { class: "ghost ghost-cover" }), make("span", { class: "ghost ghost-text" }));
  return make("div", { class: "ghosts", "aria-hidden": "true" }, ...Array.from({ length: count }, row));
}

/** Tiles that are on their way. */
export function skeletonTiles(count, { round = false } = {}) {
  const tile = () => make("div", { class: `tile${round ? " is-round" : ""}` }, make("span", { class: "ghost ghost-tile" }), make("span", { class: "ghost ghost-text" }));
  return make("div", { class: "tiles", "aria-hidden": "true" }, ...Array.from({ length: count }, tile));
}

/** @param {{symbol?: string, title: string, text?: string, actions?: (Node | null)[]}} what */
export function empty({ symbol = "note", title, text = "", actions = [] }) {
  return make(
    "div",
    { class: "lib-empty" },
    icon(symbol),
    make("h2", {}, title),
    text && make("p", {}, text),
    actions.length > 0 && make("p", { class: "lib-empty-actions" }, ...actions),
  );
}

/** Why it is not there, in the server's words, and another try; by itself once this device is online again. */
export function faulty(fault, again, { small = false } = {}) {
  const offline = fault.code === "offline";
  const retry = () => {
    removeEventListener("online", retry);
    again();
  };
  if (offline) addEventListener("online", retry, { once: true });
  const button = make("button", { type: "button", class: `button${small ? " small" : ""}`, onclick: retry }, t("Try again"));
  if (small) return make("p", { class: "notice lib-fault", role: "status" }, `${fault.message} `, button);
  const lost = fault.status === 404;
  const home = make("a", { class: "button", href: "/library/" }, t("To the library"));
  const title = offline ? t("You are offline") : lost ? t("Nothing here") : fault.status === 503 ? t("That is not to be had right now") : t("That did not work");
  return empty({ symbol: offline ? "offline" : "note", title, text: fault.message, actions: [lost ? home : button] });
}

/** A line about what is shown. */
export function remark(text) {
  return text ? make("p", { class: "lib-remark", role: "status" }, text) : null;
}
