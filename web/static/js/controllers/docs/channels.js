/** A contract's messages both ways, and a socket to try them over. */
import { find, findAll, make, setText } from "../../helpers/dom.js";
import { setOut, socketAddress, wrongIn } from "../../models/docs/call.js";
import { exampleOf } from "../../models/docs/schema.js";
import { t } from "../../models/words.js";
import { fieldList, prose } from "./fields.js";

/** Frames that are kept in sight. */
const MOST_FRAMES = 200;

export function bindChannels({ load, caller, open }) {
  for (const element of findAll(".op[data-channel]")) {
    element.addEventListener("toggle", () => element.open && show(element));
  }

  async function show(element) {
    const body = find(".op-body", element);
    if (!body.hidden) return;
    body.hidden = false;
    try {
      const document = await load();
      const name = element.dataset.channel;
      const channel = document.channels[name];
      body.replaceChildren(
        make("div", { class: "op-told" }, make("p", { class: "op-about" }, ...prose(channel.description)), ...messages(name, "says", document), ...messages(name, "told", document), ...events(name, document), closings(document)),
        desk({ name, channel, document, caller, open }),
      );
    } catch (fault) {
      body.hidden = true;
      element.open = false;
      throw fault;
    }
  }
}

function named(name, way, document) {
  const prefix = `${name}.${way}.`;
  return Object.entries(document.components.messages).filter(([key]) => key.startsWith(prefix));
}

function messages(name, way, document) {
  const told = way === "told";
  const rows = named(name, way, document).map(([, message]) => shape(message.name, message.payload, document, told));
  return [make("h3", {}, told ? t("What a client is told") : t("What a client says")), make("div", { class: "messages" }, ...rows)];
}

/** What a commit's list holds, where a contract has commits. */
function events(name, document) {
  if (!named(name, "told", document).some(([, message]) => message.name === "commit")) return [];
  const rows = document.components.schemas.Event.oneOf.map((each) => shape(exampleOf(each, document).type, each, document, true));
  return [make("h3", {}, t("The events of a commit")), make("div", { class: "messages" }, ...rows)];
}

function shape(name, schema, document, told) {
  const details = make("details", { class: "message" }, make("summary", {}, make("code", { dir: "ltr" }, name)));
  details.addEventListener("toggle", () => details.children.length === 1 && details.append(fieldList(schema, document, { told })));
  return details;
}

function closings(document) {
  const rows = Object.entries(document["x-close-codes"]).map(([code, { meaning, "come-back": back }]) =>
    make("li", {}, make("span", { class: "refusal-status" }, code), make("span", { class: "refusal-meaning" }, t("{meaning}; come back? {answer}", { meaning, answer: back }))),
  );
  return make("details", { class: "refusals" }, make("summary", {}, t("Why it is closed")), make("ul", {}, ...rows));
}

function desk({ name, channel, document, caller, open }) {
  const said = named(name, "says", document);
  const room = make("input", { id: `ws-${name}-room`, autocomplete: "off", spellcheck: "false", autocapitalize: "characters", placeholder: "Q7K2MX", dir: "ltr" });
  const choice = make("select", { id: `ws-${name}-choice` }, ...said.map(([key, message]) => make("option", { value: key }, message.name)));
  const text = make("textarea", { id: `ws-${name}-text`, rows: 5, spellcheck: "false", dir: "ltr", class: "code-input" });
  const log = make("ol", { class: "frames", role: "log", "aria-label": t("Frames"), tabindex: "0" });
  const connect = make("button", { class: "button" }, t("Open"));
  const send = make("button", { type: "button", class: "button primary", disabled: true }, t("Send"));
  const warning = make("p", { class: "form-error", role: "alert", hidden: true });
  let socket = null;
  let count = 0;

  const propose = () => {
    const example = exampleOf(document.components.messages[choice.value].payload, document);
    if ("id" in example) example.id = `c-${(count += 1)}`;
    text.value = JSON.stringify(example, null, 2);
  };
  choice.addEventListener("change", propose);
  propose();

  const form = make(
    "form",
    { class: "try", "aria-label": t("Try it") },
    make("h3", {}, t("Try it")),
    make("label", { class: "field", for: room.id }, make("span", {}, t("Room")), room),
    make("p", { class: "try-actions" }, connect),
    make("label", { class: "field", for: choice.id }, make("span", {}, t("Message")), choice),
    make("label", { class: "field", for: text.id }, make("span", {}, t("Text")), text),
    warning,
    make("p", { class: "try-actions" }, send),
    log,
  );
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (socket) socket.close();
    else if (room.value.trim()) begin();
    else room.focus();
  });
  send.addEventListener("click", () => {
    const wrong = wrongIn(text.value);
    warning.hidden = !wrong;
    setText(warning, wrong);
    if (wrong) return text.focus();
    const frame = JSON.stringify(JSON.parse(text.value));
    socket.send(frame);
    note("sent", "↑", frame);
    if (/"id":"c-\d+"/.test(frame)) propose();
    return undefined;
  });
  return form;

  function begin() {
    const address = socketAddress(location.origin, channel.address, room.value.trim(), name === "syncplay" ? "" : caller.token());
    note("note", "·", address.replace(/token=.*/, "token=…"));
    socket = open(address, {
      onOpen: () => {
        note("note", "·", t("open"));
        send.disabled = false;
      },
      onFrame: (frame) => note("heard", "↓", frame),
      onClose: (code, reason) => {
        const meaning = document["x-close-codes"][code]?.meaning ?? "";
        note("note", "·", t("closed with {code}: {why}", { code: String(code), why: reason || meaning || "–" }));
        socket = null;
        send.disabled = true;
        setText(connect, t("Open"));
      },
    });
    setText(connect, t("Close"));
  }

  function note(kind, sign, frame) {
    const below = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    const words = { sent: t("sent"), heard: t("heard"), note: "" };
    const line = make("li", { class: `frame is-${kind}` }, make("span", { "aria-hidden": "true" }, sign), make("span", { class: "visually-hidden" }, words[kind]), make("code", { dir: "ltr" }, kind === "note" ? frame : setOut(frame)));
    log.append(line);
    while (log.children.length > MOST_FRAMES) log.firstElementChild.remove();
    if (below) log.scrollTop = log.scrollHeight;
  }
}
