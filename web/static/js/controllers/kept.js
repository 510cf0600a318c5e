/**
 * What waits to be sent: lines of an earlier page below the talk, as greyed as those of this one; a note where something for
 * the queue waits; and a question about what has waited so long that nobody may want it said any more.
 */
import { timeOfDay } from "../models/format.js";
import { t, tn } from "../models/words.js";
import { face } from "../helpers/cover.js";
import { find, make, reconcile, setText } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";

export function bindKept({ client }) {
  const { commands } = client;
  const list = make("ol", { class: "lines kept-lines", "aria-label": t("Not sent yet") });
  const asks = makeQuestion();
  find("#lines").after(list);
  find("#say").before(asks.element);

  asks.send.addEventListener("click", () => forEach((id) => commands.approve(id)));
  asks.discard.addEventListener("click", () => forEach((id) => commands.discard(id)));

  function forEach(run) {
    for (const { id, asks } of commands.waiting) if (asks) run(id);
    find("#say-text").focus();
  }

  function render() {
    const { waiting } = commands;
    const lines = waiting.filter(({ type, restored, asks }) => type === "say" && restored && !asks);
    reconcile(list, lines, ({ id }) => id, (line) => makeLine(line, client.you.name));
    const asking = waiting.filter((each) => each.asks);
    // The chat may be out of sight, on a phone.
    if (asking.length > 0 && asks.element.hidden) toast(t("Something of yours has waited for long: the chat asks whether to send it."));
    asks.show(asking);
  }

  commands.listen((added) => {
    render();
    const forQueue = added?.type === "add" || added?.type === "ask";
    if (forQueue && client.status.phase !== "live") toast(t("Kept for now. It is sent once the connection is back."));
  });
  client.onRefused((message, fault) => {
    const what = message.text ?? titleOf(message);
    toast(t("Not sent: {what}. {why}", { what, why: fault.message }), { kind: "bad" });
  });
}

function makeLine({ message, at }, name) {
  const time = make("time", { datetime: new Date(at).toISOString() }, timeOfDay(at));
  return make("li", { class: "line is-pending" }, face(name), make("p", { class: "line-head" }, name, time), make("p", { class: "line-text" }, message.text));
}

function makeQuestion() {
  const title = make("p", { id: "kept-title" });
  const list = make("ul", { class: "kept-list" });
  const send = make("button", { type: "button", class: "button small primary" }, t("Send now"));
  const discard = make("button", { type: "button", class: "button small quiet" }, t("Discard"));
  const element = make("div", { class: "kept-question", role: "group", "aria-labelledby": "kept-title", hidden: true }, title, list, make("p", { class: "kept-actions" }, discard, send));
  function show(waiting) {
    element.hidden = waiting.length === 0;
    if (waiting.length === 0) return;
    setText(title, tn("This has waited since {time}. Send it still?", "These have waited since {time}. Send them still?", waiting.length, { time: timeOfDay(waiting[0].at) }));
    reconcile(list, waiting, ({ id }) => id, ({ message }) => make("li", {}, message.text ?? titleOf(message)));
  }
  return { element, send, discard, show };
}

function titleOf({ tracks, track }) {
  const first = track ?? tracks?.[0];
  if (tracks?.length > 1) return tn("{n} song", "{n} songs", tracks.length);
  return first?.title ?? first?.url ?? first?.source ?? t("a song");
}
