/** One line of the chat: what it answers, what it says, what others make of it, and a menu for all that. */
import { excerpt, linked, timeOfDay } from "../models/format.js";
import { t } from "../models/words.js";
import { face } from "../helpers/cover.js";
import { find, icon, make, reconcile, setText } from "../helpers/dom.js";

const QUOTED = 80;

/**
 * @param {{react: (line: any, emoji: string, on: boolean) => void, open: (button: HTMLElement, id: string) => void,
 *   preview: (element: HTMLElement, link: string) => void}} does `preview`: is handed the first link of a line
 */
export function makeLine({ react, open, preview }, line) {
  const time = make("time", { datetime: new Date(line.at).toISOString() }, timeOfDay(line.at));
  const head = make("p", { class: "line-head" }, make("bdi", {}, line.by_name), time);
  const more = make("button", { type: "button", class: "button quiet icon-only line-more", "aria-label": t("More about what {name} said", { name: line.by_name }), "aria-haspopup": "true" }, icon("more"));
  more.addEventListener("click", () => open(more, line.id));
  const chips = make("ul", { class: "reactions", hidden: true, "aria-label": t("Reactions") });
  chips.addEventListener("click", ({ target }) => {
    const chip = target.closest("button");
    if (chip) react(line, chip.dataset.emoji, chip.getAttribute("aria-pressed") !== "true");
  });
  const parts = linked(line.text);
  const text = make("p", { class: "line-text" }, ...parts.map(word));
  const element = make("li", { class: "line" }, face(line.by_name), head, make("p", { class: "line-quote", hidden: true }), text, chips, more);
  const link = parts.find(({ href }) => href)?.href;
  if (link) preview(element, link);
  return element;
}

/** @param {HTMLElement} element @param {any} line @param {{you: string | undefined, answered: any, may: boolean}} about `answered`: the line that this one answers */
export function updateLine(element, line, { you, answered, may }) {
  const quote = find(".line-quote", element);
  quote.hidden = !line.reply_to;
  if (line.reply_to) setText(quote, answered ? `${answered.by_name}: ${excerpt(answered.text, QUOTED)}` : t("A line that is gone"));
  const chips = find(".reactions", element);
  const shown = Object.entries(line.reactions ?? {}).filter(([, users]) => users.length > 0);
  chips.hidden = shown.length === 0;
  reconcile(chips, shown, (/** @type {[string, string[]]} */ [emoji]) => emoji, makeChip, (item, [emoji, users]) => {
    const chip = find("button", item);
    const mine = users.includes(you);
    chip.setAttribute("aria-pressed", String(mine));
    chip.setAttribute("aria-label", mine ? t("{emoji}, {n}, one of them yours", { emoji, n: users.length }) : t("{emoji}, {n}", { emoji, n: users.length }));
    chip.disabled = !may;
    setText(find("span", chip), String(users.length));
  });
  find(".line-more", element).hidden = !may;
}

/** @param {[string, string[]]} reaction */
function makeChip([emoji]) {
  return make("li", {}, make("button", { type: "button", "data-emoji": emoji }, emoji, make("span", {})));
}

/** A part of a line's text; a link is made so that where it leads learns nothing of this room. @param {{text: string, href?: string}} part */
function word({ text, href }) {
  return href ? make("a", { href, target: "_blank", rel: "noopener noreferrer nofollow ugc" }, text) : text;
}
