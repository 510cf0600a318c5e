/** One line of the chat: what it answers, what it says, what others make of it, and a menu for all that. */
import { excerpt, linked, timeOfDay } from "../models/format.js";
import { face } from "../helpers/cover.js";
import { find, icon, make, reconcile, setText } from "../helpers/dom.js";

const QUOTED = 80;

/** @param {{react: (line: any, emoji: string, on: boolean) => void, open: (button: HTMLElement, id: string) => void}} does */
export function makeLine({ react, open }, line) {
  const time = make("time", { datetime: new Date(line.at).toISOString() }, timeOfDay(line.at));
  const head = make("p", { class: "line-head" }, line.by_name, time);
  const more = make("button", { type: "button", class: "button quiet icon-only line-more", "aria-label": `More about what ${line.by_name} said`, "aria-haspopup": "true" }, icon("more"));
  more.addEventListener("click", () => open(more, line.id));
  const chips = make("ul", { class: "reactions", hidden: true, "aria-label": "Reactions" });
  chips.addEventListener("click", ({ target }) => {
    const chip = target.closest("button");
    if (chip) react(line, chip.dataset.emoji, chip.getAttribute("aria-pressed") !== "true");
  });
  return make("li", { class: "line" }, face(line.by_name), head, make("p", { class: "line-quote", hidden: true }), make("p", { class: "line-text" }, ...words(line.text)), chips, more);
}

/** @param {HTMLElement} element @param {any} line @param {{you: string | undefined, answered: any, may: boolean}} about `answered`: the line that this one answers */
export function updateLine(element, line, { you, answered, may }) {
  const quote = find(".line-quote", element);
  quote.hidden = !line.reply_to;
  if (line.reply_to) setText(quote, answered ? `${answered.by_name}: ${excerpt(answered.text, QUOTED)}` : "A line that is gone");
  const chips = find(".reactions", element);
  const shown = Object.entries(line.reactions ?? {}).filter(([, users]) => users.length > 0);
  chips.hidden = shown.length === 0;
  reconcile(chips, shown, (/** @type {[string, string[]]} */ [emoji]) => emoji, makeChip, (item, [emoji, users]) => {
    const chip = find("button", item);
    const mine = users.includes(you);
    chip.setAttribute("aria-pressed", String(mine));
    chip.setAttribute("aria-label", `${emoji}, ${users.length}${mine ? ", one of them yours" : ""}`);
    chip.disabled = !may;
    setText(find("span", chip), String(users.length));
  });
  find(".line-more", element).hidden = !may;
}

/** @param {[string, string[]]} reaction */
function makeChip([emoji]) {
  return make("li", {}, make("button", { type: "button", "data-emoji": emoji }, emoji, make("span", {})));
}

/** A line's text, links in it made so that where they lead learns nothing of this room. */
function words(text) {
  const safe = { target: "_blank", rel: "noopener noreferrer nofollow ugc" };
  return linked(text).map((part) => (part.href ? make("a", { href: part.href, ...safe }, part.text) : part.text));
}
