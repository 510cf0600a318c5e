/** A menu of things to do with something: beside its button on a desk, from below on a phone. */
import { find, icon, make, setText } from "../../helpers/dom.js";
import { open } from "../../helpers/dialog.js";

const WIDE = matchMedia("(min-width: 760px)");
const MARGIN = 8;

/** @typedef {{symbol: string, label: string, run?: () => void, href?: string, danger?: boolean, stays?: boolean}} Item */

export function bindMenu() {
  const dialog = find("#menu");
  const list = find("ul", dialog);

  dialog.addEventListener("keydown", (event) => {
    const items = [...list.querySelectorAll("a, button")];
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    items[(items.indexOf(document.activeElement) + by + items.length) % items.length].focus();
  });

  /** @param {Item} item */
  function entry({ symbol, label, run, href, danger, stays }) {
    const attributes = { class: `menu-item${danger ? " is-danger" : ""}` };
    const item = href ? make("a", { ...attributes, href }) : make("button", { ...attributes, type: "button" });
    item.append(icon(symbol), make("span", {}, label));
    item.addEventListener("click", () => {
      if (!stays) dialog.close();
      run?.();
    });
    return make("li", {}, item);
  }

  /** @param {HTMLElement} anchor @param {{title: string, line?: string, items: (Item | null | false)[]}} what */
  return function openMenu(anchor, { title, line = "", items }) {
    setText(find("h2", dialog), title);
    setText(find("header p", dialog), line);
    list.replaceChildren(.../** @type {Item[]} */ (items.filter(Boolean)).map(entry));
    open(dialog);
    find("a, button", list)?.focus();
    place(dialog, anchor);
  };
}

function place(dialog, anchor) {
  dialog.style.inset = "";
  if (!WIDE.matches) return;
  const at = anchor.getBoundingClientRect();
  const { width, height } = dialog.getBoundingClientRect();
  const rtl = document.documentElement.dir === "rtl";
  const left = rtl ? at.left : at.right - width;
  const top = at.bottom + height + MARGIN < innerHeight ? at.bottom + MARGIN / 2 : at.top - height - MARGIN / 2;
  const within = (value, most) => Math.max(MARGIN, Math.min(value, most - MARGIN));
  dialog.style.inset = `${within(top, innerHeight - height)}px auto auto ${within(left, innerWidth - width)}px`;
}
