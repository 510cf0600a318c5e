/** One row of the queue. */
import { byline, clockTime } from "../models/format.js";
import { mayRemove, moveBy } from "../models/queue.js";
import { upVotes } from "../models/votes.js";
import { LivePlayer } from "../players/live.js";
import { paintCover } from "../helpers/cover.js";
import { find, icon, make, setText } from "../helpers/dom.js";

/** @param {{client: any, act: Function}} parts @returns {HTMLElement} */
export function makeRow({ client, act }, { id }) {
  const button = (name, run, symbol = name) =>
    make("button", { type: "button", class: `button quiet icon-only ${name}`, onclick: run }, icon(symbol));
  const move = (by) => () => {
    const fields = moveBy(client.state, id, by);
    if (fields) act("move", fields);
  };
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
    make("button", { type: "button", class: "button quiet small vote", onclick: vote }, icon("heart"), make("span", { class: "vote-count" })),
    make(
      "span",
      { class: "track-actions" },
      button("up", move(-1)),
      button("down", move(1)),
      button("remove", () => act("remove", { entries: [id] }), "close"),
    ),
  );
}

/** @param {{client: any}} parts @param {HTMLElement} row @param {any} entry @param {"played" | "current" | "coming"} part */
export function updateRow({ client }, row, entry, part) {
  const { track } = entry;
  const state = client.state;
  const coming = part === "coming";
  row.classList.toggle("is-current", part === "current");
  row.classList.toggle("is-radio", Boolean(entry.why));
  row.draggable = coming && client.may("reorder");
  find(".grip", row).hidden = !row.draggable;
  paintCover(find(".cover", row), track);
  setText(find(".track-title", row), track.title);
  const line = entry.why ? [track.artist, `Radio: ${entry.why}`] : [byline(track), `added by ${entry.by_name}`];
  setText(find(".track-by", row), line.filter(Boolean).join(" · "));
  setText(find(".track-time", row), track.duration_ms ? clockTime(track.duration_ms) : LivePlayer.takes(track) ? "Live" : "");
  updateVote(client, find(".vote", row), entry, coming);
  const play = find(".track-play", row);
  play.disabled = part === "current" || !client.may("skip");
  find(".play-mark", row).hidden = play.disabled;
  name(play, `Play ${track.title} now`);
  for (const [direction, by] of [["up", -1], ["down", 1]]) {
    const button = find(`.${direction}`, row);
    button.hidden = !coming || !client.may("reorder");
    button.disabled = moveBy(state, entry.id, by) === null;
    name(button, `Move ${track.title} ${direction}`);
  }
  const remove = find(".remove", row);
  remove.hidden = !mayRemove(state, client.you.id, entry);
  name(remove, `Remove ${track.title}`);
}

/** Where votes make the order, and wherever somebody has voted. */
function updateVote(client, button, { id, track }, coming) {
  const { mine, count } = upVotes(client.state, id, client.you?.id);
  button.hidden = !coming || !client.may("vote") || (client.state.queue_mode !== "votes" && count === 0);
  button.setAttribute("aria-pressed", String(mine));
  setText(find(".vote-count", button), count ? String(count) : "");
  name(button, mine ? `Take back your vote for ${track.title}` : `Vote for ${track.title}${count ? ` (${count} so far)` : ""}`);
}

function name(button, label) {
  button.setAttribute("aria-label", label);
}
