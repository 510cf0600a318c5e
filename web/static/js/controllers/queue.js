/** The queue: what was played (folded), what plays, what comes. */
import { plural } from "../models/format.js";
import { sections } from "../models/queue.js";
import { undoable } from "../models/undo.js";
import { confirm } from "../helpers/dialog.js";
import { find, findAll, reconcile, setText } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";
import { bindDrag } from "./queue-drag.js";
import { makeRow, updateRow } from "./queue-row.js";

export function bindQueue(parts) {
  const { client, act } = parts;
  const lists = { played: find("#played-list"), current: find("#current-list"), coming: find("#coming-list") };
  const news = find("#queue-news");

  find("#shuffle").addEventListener("click", () => act("shuffle"));
  find("#clear").addEventListener("click", async () => {
    const text = "Everything in it goes, and the music stops for everybody.";
    const yes = await confirm({ title: "Empty the queue?", text, yes: "Empty it" });
    if (yes) act("clear");
  });
  bindDrag(lists.coming, (entry, before) => act("move", before ? { entry, before } : { entry }));

  function renderList(part, entries) {
    const create = (entry) => makeRow(parts, entry);
    const update = (row, entry) => updateRow(parts, row, entry, part);
    reconcile(lists[part], entries, (entry) => entry.id, create, update);
  }

  function render(state) {
    const { played, current, coming } = sections(state);
    renderList("played", played);
    renderList("current", current ? [current] : []);
    renderList("coming", coming);
    find("#played").hidden = played.length === 0;
    setText(find("#played-count"), `${plural(played.length, "track")} played`);
    find("#current-block").hidden = !current;
    find("#coming-title").hidden = coming.length === 0;
    find("#shuffle").disabled = coming.length < 2;
    find("#clear").disabled = state.queue.length === 0;
    const count = coming.length + (current ? 1 : 0);
    setText(find("#queue-count"), count ? String(count) : "");
    for (const badge of findAll("#views [data-view=queue] .badge")) {
      badge.hidden = coming.length === 0;
      setText(badge, String(coming.length));
    }
    const empty = find("#queue-empty");
    empty.hidden = coming.length > 0;
    empty.classList.toggle("is-small", current !== null);
    setText(find("p", empty), emptyWords(current));
  }

  function emptyWords(current) {
    if (!client.may("add")) return "Nothing is waiting.";
    return current ? "Nothing comes after this. What should?" : "The queue is empty. Search for a song, or paste a link to one.";
  }

  /** Says what others did to the queue, for those who cannot see it change; and offers to take back what one did oneself. */
  function announce(commit, before) {
    const { by, by_name, events } = commit;
    const done = undoable(commit, before, client.you?.id);
    if (done) toast(done.says, { does: { label: "Undo", run: () => act("undo", { act: done.act }) } });
    if (by === client.you?.id) return;
    const added = events.find((event) => event.type === "entries_added");
    if (added) setText(news, `${by_name} added ${added.entries.map((entry) => entry.track.title).join(", ")}`);
  }

  return { render, announce };
}
