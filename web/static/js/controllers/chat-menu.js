/** The menu of a line: put an emoji to it, answer it, copy it, or take it away. One for all lines. */
import { t } from "../models/words.js";
import { find, findAll, icon, make } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";

const EMOJI = ["👍", "❤️", "😂", "🎉", "🔥", "😮"];
const MARGIN = 8;

/**
 * @param {{client: any, act: Function, lineOf: (id: string) => any, answer: (line: any) => void,
 *   pickEmoji: (beside: HTMLElement, then: (emoji: string) => void) => void}} parts
 */
export function bindLineMenu({ client, act, lineOf, answer, pickEmoji }) {
  const menu = find("#line-menu");
  let current = "";
  let opener = null;

  function react(line, emoji, on) {
    act("react", { message: line.id, emoji, on });
  }

  function pick(emoji) {
    const line = lineOf(current);
    if (line) react(line, emoji, !(line.reactions?.[emoji] ?? []).includes(client.you?.id));
  }

  function choice(text, symbol, run) {
    return make("button", { type: "button", class: "menu-item", onclick: () => closing(run) }, icon(symbol), text);
  }

  function closing(run) {
    menu.hidePopover();
    run();
  }

  function open(button, id) {
    const line = lineOf(id);
    if (!line) return;
    [current, opener] = [id, button];
    find(".menu-items", menu).replaceChildren(
      choice(t("Reply"), "send", () => answer(line)),
      choice(t("Copy"), "copy", () => navigator.clipboard?.writeText(line.text).then(() => toast(t("Copied.")), () => toast(t("This browser does not let pages copy."), { kind: "bad" }))),
      ...(client.may("moderate") ? [choice(t("Delete"), "trash", () => act("delete_message", { message: id }))] : []),
    );
    menu.showPopover();
    const { top, left, right } = button.getBoundingClientRect();
    menu.style.top = `${Math.max(MARGIN, Math.min(top, innerHeight - menu.offsetHeight - MARGIN))}px`;
    const start = document.dir === "rtl" ? Math.min(left, innerWidth - menu.offsetWidth - MARGIN) : right - menu.offsetWidth;
    menu.style.left = `${Math.max(MARGIN, start)}px`;
    findAll("button", menu)[0].focus();
    menu.addEventListener("toggle", () => button.focus({ preventScroll: true }), { once: true });
  }

  const others = make("button", { type: "button", "aria-label": t("Another emoji"), onclick: () => closing(() => pickEmoji(opener, pick)) }, icon("add"));
  const usual = EMOJI.map((emoji) => make("button", { type: "button", "aria-label": t("React with {emoji}", { emoji }), onclick: () => closing(() => pick(emoji)) }, emoji));
  find(".emoji", menu).replaceChildren(...usual, others);
  return { open, react };
}
