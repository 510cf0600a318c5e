/** The menu of a line: put an emoji to it, answer it, copy it, or take it away. One for all lines. */
import { find, findAll, icon, make } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";

const EMOJI = ["👍", "❤️", "😂", "🎉", "🔥", "😮"];
const MARGIN = 8;

/** @param {{client: any, act: Function, lineOf: (id: string) => any, answer: (line: any) => void}} parts */
export function bindLineMenu({ client, act, lineOf, answer }) {
  const menu = find("#line-menu");
  let current = "";

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
    current = id;
    find(".menu-items", menu).replaceChildren(
      choice("Reply", "send", () => answer(line)),
      choice("Copy", "copy", () => navigator.clipboard?.writeText(line.text).then(() => toast("Copied."), () => toast("This browser does not let pages copy.", { kind: "bad" }))),
      ...(client.may("moderate") ? [choice("Delete", "trash", () => act("delete_message", { message: id }))] : []),
    );
    menu.showPopover();
    const { top, right } = button.getBoundingClientRect();
    menu.style.top = `${Math.max(MARGIN, Math.min(top, innerHeight - menu.offsetHeight - MARGIN))}px`;
    menu.style.left = `${Math.max(MARGIN, right - menu.offsetWidth)}px`;
    findAll("button", menu)[0].focus();
    menu.addEventListener("toggle", () => button.focus({ preventScroll: true }), { once: true });
  }

  find(".emoji", menu).replaceChildren(...EMOJI.map((emoji) => make("button", { type: "button", "aria-label": `React with ${emoji}`, onclick: () => closing(() => pick(emoji)) }, emoji)));
  return { open, react };
}
