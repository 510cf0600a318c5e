/** One row of the queue. */
import { clockTime } from "../models/format.js";
import { keepable } from "../models/library.js";
import { mayRemove, moveBy } from "../models/queue.js";
import { reasonWords } from "../models/reasons.js";
import { upVotes } from "../models/votes.js";
import { dotted, t } from "../models/words.js";
import { LivePlayer } from "../players/live.js";
import { paintCover } from "../helpers/cover.js";
import { find, findAll, icon, make, setText } from "../helpers/dom.js";

/** @param {{client: any, act: Function, heart: Function}} parts @returns {HTMLElement} */
export function makeRow({ client, act, heart }, { id, track }) {
  const button = (name, run, symbol = name) =>
    make("button", { type: "button", class: `button quiet icon-only ${name}`, onclick: run }, icon(symbol));
  const move = (by) => () => {
    const fields = moveBy(client.state, id, by);
    if (fields) act("move", fields);
  };
  const more = make("button", { type: "button", class: "button quiet icon-only row-more", "aria-expanded": "false" }, icon("more"));
  more.addEventListener("click", () => {
    const open = more.closest(".track").classList.toggle("is-open");
    more.setAttribute("aria-expanded", String(open));
  });
  const source = keepable(track);
  const vote = () => act("up", { entry: id, up: !upVotes(client.state, id, client.you?.id).mine });
  return make(
    "li",
    { class: "track" },
    make("span", { class: "grip", "aria-hidden": "true", hidden: true }, icon("grip")),
    make(
      "button",
      { type: "button", class: "track-play", onclick: () => act("play_entry", { entry: id }) },
      make("span", { class: "cover" }, icon("note")),
      make("span", { class: "play-mark" }, icon("play")),
    ),
    make("span", { class: "track-text" }, make("span", { class: "track-title" }), make("span", { class: "track-by" })),
    make("span", { class: "track-time" }),
    make("button", { type: "button", class: "button quiet small vote", onclick: vote }, icon("up"), make("span", { class: "vote-count" })),
    more,
    make(
      "span",
      { class: "track-actions" },
      source && heart({ id: source, title: track.title }),
      button("up", move(-1)),
      button("down", move(1)),
      button("remove", () => act("remove", { entries: [id] }), "close"),
    ),
  );
}

/**
 * The last says whether it stands at an end of its part.
 * @param {{client: any}} parts @param {HTMLElement} row @param {any} entry @param {"played" | "current" | "coming"} part
 * @param {{first: boolean, last: boolean}} place
 */
export function updateRow({ client }, row, entry, part, { first, last }) {
  const { track } = entry;
  const { title } = track;
  const coming = part === "coming";
  row.classList.toggle("is-current", part === "current");
  row.draggable = coming && client.may("reorder");
  find(".grip", row).hidden = !row.draggable;
  paintCover(find(".cover", row), track);
  setText(find(".track-title", row), title);
  setText(find(".track-by", row), lineOf(client, entry));
  setText(find(".track-time", row), track.duration_ms ? clockTime(track.duration_ms) : LivePlayer.takes(track) ? t("Live") : "");
  updateVote(client, find(".vote", row), entry, coming);
  const play = find(".track-play", row);
  play.disabled = part === "current" || !client.may("skip");
  find(".play-mark", row).hidden = play.disabled;
  name(play, t("Play {title} now", { title }));
  name(find(".row-more", row), t("What to do with {title}", { title }));
  let spent = false;
  for (const [direction, ends, label] of [["up", first, t("Move {title} up", { title })], ["down", last, t("Move {title} down", { title })]]) {
    const button = find(`.${direction}`, row);
    button.hidden = !coming || !client.may("reorder");
    spent ||= Boolean(ends) && button === document.activeElement;
    button.disabled = ends;
    name(button, label);
  }
  // A button that can do no more would take the focus with it.
  if (spent) find(first ? ".down" : ".up", row).focus();
  const remove = find(".remove", row);
  remove.hidden = !mayRemove(client.state, client.you.id, entry);
  name(remove, t("Remove {title}", { title }));
  // A single button needs no other to call for it.
  row.classList.toggle("has-many", findAll(".track-actions > button:not([hidden])", row).length > 1);
}

/** Who it is by, and who wanted it. */
function lineOf(client, { track, why, by, by_name: who }) {
  if (why) return dotted([track.artist, t("Radio: {why}", { why: reasonWords(why) })]);
  const added = by === client.you?.id ? t("added by you") : t("added by {name}", { name: who });
  return dotted([track.artist, track.album, added]);
}

/** Where votes make the order, and wherever somebody has voted. */
function updateVote(client, button, { id, track: { title } }, coming) {
  const { mine, count } = upVotes(client.state, id, client.you?.id);
  button.hidden = !coming || !client.may("vote") || (client.state.queue_mode !== "votes" && count === 0);
  button.setAttribute("aria-pressed", String(mine));
  setText(find(".vote-count", button), count ? String(count) : "");
  const far = count ? t("Vote for {title} ({count} so far)", { title, count }) : t("Vote for {title}", { title });
  name(button, mine ? t("Take back your vote for {title}", { title }) : far);
}

function name(button, label) {
  if (button.getAttribute("aria-label") !== label) button.setAttribute("aria-label", label);
}
