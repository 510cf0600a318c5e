/** The queue: what was played (folded), what plays, what comes. */
import { sections } from "../models/queue.js";
import { turnWords } from "../models/turns.js";
import { undoable } from "../models/undo.js";
import { listed, t, tn } from "../models/words.js";
import { confirm } from "../helpers/dialog.js";
import { find, findAll, setText } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";
import { bindDrag } from "./queue-drag.js";
import { makeQueueList } from "./queue-list.js";

/** What of the room the rows show: as long as none of it changes, 500 rows need not be looked at. */
const SHOWN = ["queue", "playback", "rights", "members", "ups", "queue_mode", "djs"];
/** And what of it each row shows that is not of its entry. */
const ABOUT = ["rights", "members", "ups", "queue_mode"];

export function bindQueue(parts) {
  const { client, act } = parts;
  const listOf = (/** @type {"played" | "current" | "coming"} */ part) => makeQueueList(parts, part, find(`#${part}-list`));
  const lists = { played: listOf("played"), current: listOf("current"), coming: listOf("coming") };
  const news = find("#queue-news");
  const decks = find("#decks");
  let shown = {};
  let about = {};

  find("#shuffle").addEventListener("click", () => act("shuffle"));
  find("#again").addEventListener("click", () => act("play"));
  decks.addEventListener("click", () => act("dj", { on: !standing(client.state) }));
  find("#clear").addEventListener("click", async () => {
    const text = t("Everything in it goes, and the music stops for everybody.");
    const yes = await confirm({ title: t("Empty the queue?"), text, yes: t("Empty it") });
    if (yes) act("clear");
  });
  bindDrag(find("#coming-list"), (entry, before) => act("move", before ? { entry, before } : { entry }));

  const standing = (state) => (state.djs ?? []).includes(client.you?.id);

  function render(state) {
    if (SHOWN.every((name) => shown[name] === state[name])) return;
    if (ABOUT.some((name) => shown[name] !== state[name])) about = {};
    shown = state;
    find("#queue-loading").hidden = true;
    const { played, current, coming } = sections(state);
    lists.played.render(played, about);
    lists.current.render(current ? [current] : [], about);
    lists.coming.render(coming, about);
    find("#played").hidden = played.length === 0;
    setText(find("#played-count"), tn("{n} track played", "{n} tracks played", played.length));
    find("#current-block").hidden = !current;
    find("#coming-title").hidden = coming.length === 0;
    find("#shuffle").disabled = coming.length < 2;
    find("#clear").disabled = state.queue.length === 0;
    find("#keep").disabled = state.queue.length === 0;
    const count = coming.length + (current ? 1 : 0);
    setText(find("#queue-count"), count ? String(count) : "");
    for (const badge of findAll("#views [data-view=queue] .badge")) {
      badge.hidden = coming.length === 0;
      setText(badge, String(coming.length));
    }
    renderEmpty({ played, current, coming });
    renderTurns(state);
  }

  function renderEmpty({ played, current, coming }) {
    const over = !current && played.length > 0;
    const empty = find("#queue-empty");
    empty.hidden = coming.length > 0;
    empty.classList.toggle("is-small", current !== null);
    find("#again").hidden = !over || !client.may("play");
    setText(find("p", empty), over ? t("That was the last song.") : emptyWords(current));
  }

  function emptyWords(current) {
    if (!client.may("add")) return t("Nothing is waiting.");
    return current ? t("Nothing comes after this. What should?") : t("The queue is empty. Search for a song, or paste a link to one.");
  }

  /** Whose turn it is, where people have turns. */
  function renderTurns(state) {
    const words = turnWords(state, client.you?.id);
    find("#turns").hidden = !words;
    setText(find("#turns p"), words);
    decks.hidden = state.queue_mode !== "dj" || !(standing(state) || client.may("request"));
    setText(decks, standing(state) ? t("Step down") : t("Step up to the decks"));
  }

  /** Says what others did to the queue, for those who cannot see it change; and offers to take back what one did oneself. */
  function announce(commit, before) {
    const { by, by_name, events } = commit;
    const done = undoable(commit, before, client.you?.id);
    if (done) toast(done.says, { does: { label: t("Undo"), run: () => act("undo", { act: done.act }) } });
    if (by === client.you?.id) return;
    const added = events.find((event) => event.type === "entries_added");
    if (added) setText(news, t("{name} added {titles}", { name: by_name, titles: listed(added.entries.map((entry) => entry.track.title)) }));
  }

  return { render, announce };
}
