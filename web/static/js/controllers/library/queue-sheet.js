/** "Up next": what comes in one's own queue, in order; what was played is above it, folded. */
import { confirm } from "../../helpers/dialog.js";
import { find, setText } from "../../helpers/dom.js";
import { sections } from "../../models/queue.js";
import { duration } from "../../models/library/say.js";
import { ofEntry } from "../../models/library/song.js";
import { before } from "../../models/library/window.js";
import { dotted, t, tn } from "../../models/words.js";
import { makeList } from "./list.js";
import { songRow } from "./rows.js";

const NARROW = matchMedia("(max-width: 759.98px)");

/** @param {any} ctx */
export function bindQueueSheet(ctx) {
  const { client, play, say } = ctx;
  const dialog = find("#queue");
  const button = find("#queue-button");
  let coming = [];
  let played = [];

  const list = makeList({ label: t("Up next"), count: () => coming.length, at: (index) => coming[index], keyOf: ({ id }) => id, create: row, move });
  const past = makeList({ label: t("Played"), count: () => played.length, at: (index) => played[index], keyOf: ({ id }) => id, create: pastRow });
  find("#queue-list").replaceWith(list.element);
  find("#queue-past-list").replaceWith(past.element);
  find("#queue-past").addEventListener("toggle", () => past.render());

  function row(entry) {
    const song = ofEntry(entry);
    return songRow(song, { ctx, grip: true, play: () => play.entry(entry.id), more: () => places(entry.id, song) });
  }

  function pastRow(entry) {
    return songRow(ofEntry(entry), { ctx, play: () => play.entry(entry.id) });
  }

  /** What a row's menu can do with its place. */
  function places(id, { title }) {
    const index = () => coming.findIndex((entry) => entry.id === id);
    const shift = (symbol, label, by) => ({ symbol, label, stays: true, run: () => index() + by >= 0 && index() + by < coming.length && move(index(), index() + by) });
    return [
      shift("up", t("Move up"), -1),
      shift("down", t("Move down"), 1),
      { symbol: "up", label: t("Play it next"), run: () => move(index(), 0) },
      { symbol: "close", label: t("Remove from the queue"), run: () => remove(id, title, index()) },
    ];
  }

  function move(from, to) {
    const entry = coming[from];
    const next = before(coming.map(({ id }) => id), from, to);
    play.run("move", next ? { entry: entry.id, before: next } : { entry: entry.id });
    say.news(t("{title} is number {n} now.", { title: entry.track.title, n: to + 1 }));
  }

  async function remove(id, title, index) {
    const ack = await play.run("remove", { entries: [id] });
    if (!ack) return;
    list.focus(Math.min(index, coming.length - 1), ".song-more");
    say.note(t("Removed {title}.", { title }), { label: t("Undo"), run: () => play.run("undo", { act: String(ack.rev) }) });
  }

  async function clear() {
    const text = t("All songs in it go, and the music stops. The radio is silent until you play something.");
    if (!(await confirm({ title: t("Empty your queue?"), text, yes: t("Empty it") }))) return;
    const ack = await play.run("clear");
    if (ack) say.note(t("Your queue is empty."), { label: t("Undo"), run: () => play.run("undo", { act: String(ack.rev) }) });
  }

  function toggle(on = !dialog.open) {
    if (on === dialog.open) return;
    if (!on) {
      dialog.close();
      return;
    }
    button.setAttribute("aria-expanded", "true");
    dialog.show();
    // On a phone it covers the player.
    find("#player").inert = NARROW.matches;
    render(client.state);
    find("h2", dialog).focus();
  }

  function render(state) {
    if (!state) return;
    ({ coming, played } = sections(state));
    const known = coming.reduce((sum, { track }) => sum + (track.duration_ms ?? 0), 0) / 1_000;
    setText(find("#queue-count"), coming.length ? dotted([tn("{n} song", "{n} songs", coming.length), known ? duration(known) : ""]) : "");
    find("#queue-empty").hidden = coming.length > 0;
    setText(find("#queue-empty p"), state.radio ? t("The radio finds something that fits, as soon as something plays.") : t("Nothing comes after this. Switch on the radio, or choose a song."));
    find("#queue-past").hidden = played.length === 0;
    setText(find("#queue-past summary"), tn("{n} song played", "{n} songs played", played.length));
    find("#shuffle").disabled = coming.length < 2;
    find("#clear").disabled = state.queue.length === 0;
    if (!dialog.open) return;
    list.render();
    past.render();
    ctx.player?.mark();
  }

  button.addEventListener("click", () => toggle());
  find("#shuffle").addEventListener("click", () => play.run("shuffle"));
  find("#clear").addEventListener("click", clear);
  dialog.addEventListener("close", () => {
    find("#player").inert = false;
    button.setAttribute("aria-expanded", "false");
    button.focus();
  });
  dialog.addEventListener("keydown", (event) => event.key === "Escape" && !find("dialog:modal") && dialog.close());
  return { render, toggle };
}
