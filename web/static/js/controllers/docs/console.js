/** Trying a call: its parts filled in, the same as curl, and what the server answers. */
import { find, make, setText } from "../../helpers/dom.js";
import { toast } from "../../helpers/toast.js";
import { addressOf, curlOf, headersOf, missingIn, setOut, wrongIn } from "../../models/docs/call.js";
import { exampleOf, typeOf } from "../../models/docs/schema.js";
import { listed, t } from "../../models/words.js";

/** Characters of an answer that are shown. */
const MOST_SHOWN = 100_000;
let numbers = 0;

export function console_({ call, operation, document: described, caller, send }) {
  const number = (numbers += 1);
  const inputs = operation.parameters.map((each) => input(each, described, number));
  const json = operation.requestBody?.content["application/json"]?.schema;
  const body = json && make("textarea", { id: `try-${number}-body`, rows: 6, spellcheck: "false", autocomplete: "off", dir: "ltr", class: "code-input" });
  if (body) body.value = JSON.stringify(exampleOf(json, described), null, 2);
  const curl = make("code", {});
  const answer = make("div", { class: "try-answer", role: "status" });
  const button = make("button", { class: "button primary" }, t("Send"));
  const warning = make("p", { class: "form-error", role: "alert", hidden: true });

  const filled = () => {
    const of = (where) => Object.fromEntries(inputs.filter((each) => each.where === where).map((each) => [each.name, each.field.value.trim()]));
    return { ...call, values: of("path"), query: of("query"), headers: of("header"), body: body?.value.trim() ?? "", token: operation["x-who"] === "open" ? "" : caller.token() };
  };
  const render = () => setText(curl, curlOf(filled(), location.origin));

  const form = make(
    "form",
    { class: "try", "aria-label": t("Try it") },
    make("h3", {}, t("Try it")),
    ...inputs.map((each) => each.element),
    body && make("label", { class: "field", for: body.id }, make("span", {}, t("Body")), body),
    make("div", { class: "try-curl" }, make("pre", { class: "code", dir: "ltr", tabindex: "0", "aria-label": t("The same from a terminal") }, curl), copyButton(curl)),
    warning,
    make("p", { class: "try-actions" }, button),
    answer,
  );
  form.noValidate = true;
  form.addEventListener("input", render);
  caller.onChange(render);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") return;
    const missing = missingIn(filled());
    const wrong = body ? wrongIn(body.value) : "";
    warning.hidden = !missing.length && !wrong;
    setText(warning, missing.length ? t("Fill in first: {names}", { names: listed(missing) }) : wrong);
    if (!warning.hidden) {
      (inputs.find((each) => missing.includes(each.name))?.field ?? body).focus();
      return;
    }
    form.ariaBusy = "true";
    try {
      show(answer, await sent());
    } catch (fault) {
      answer.replaceChildren(make("p", { class: "form-error" }, fault.name === "TypeError" ? t("The server cannot be reached. Is this device online?") : fault.message));
    } finally {
      form.ariaBusy = "false";
    }
  });
  render();
  return form;

  async function sent() {
    const once = () => {
      const now = filled();
      return send({ method: now.method, address: addressOf(now), headers: headersOf(now), body: now.body });
    };
    const first = await once();
    return first.status === 401 && (await caller.renew()) ? once() : first;
  }
}

function input({ name, in: where, schema, required, description }, document, number) {
  const id = `try-${number}-${where}-${name}`;
  const field = schema.enum
    ? make("select", { id }, ...["", ...schema.enum].map((value) => make("option", { value }, value)))
    : make("input", { id, autocomplete: "off", spellcheck: "false", dir: "ltr", placeholder: schema.default === undefined ? typeOf(schema, document) : String(schema.default), inputmode: schema.type === "integer" ? "numeric" : null });
  const label = make("span", {}, make("bdi", { class: "field-name" }, name), required ? ` · ${t("needed")}` : "");
  return { name, where, field, element: make("label", { class: "field try-field", for: id, title: description || null }, label, field) };
}

function copyButton(source) {
  const button = make("button", { type: "button", class: "button small" }, t("Copy"));
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent);
      toast(t("Copied"));
    } catch {
      getSelection().selectAllChildren(source);
    }
  });
  return button;
}

function show(place, { status, reason, ms, headers, type, text, size }) {
  const kind = status < 300 ? "good" : status < 400 ? "" : "bad";
  const shown = text ? setOut(text) : type.startsWith("image/") || size ? t("{n} bytes of {type}", { n: size, type: type || "?" }) : "";
  const line = make("p", { class: `try-status ${kind}` }, make("strong", {}, `${status} ${reason}`), make("span", { class: "dim" }, ` ${Math.round(ms)} ms · ${size} B`));
  const names = headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  const more = make("details", { class: "try-headers" }, make("summary", {}, t("Headers")), make("pre", { class: "code", dir: "ltr", tabindex: "0" }, names));
  place.replaceChildren(...[line, more, shown && make("pre", { class: "code", dir: "ltr", tabindex: "0" }, make("code", {}, shown.slice(0, MOST_SHOWN)))].filter(Boolean));
  if (!find("pre code", place)) place.append(make("p", { class: "dim" }, t("No body.")));
}
