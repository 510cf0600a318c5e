/** What a call takes and answers, told when it is opened. */
import { find, findAll, make } from "../../helpers/dom.js";
import { limitsOf, typeOf } from "../../models/docs/schema.js";
import { t } from "../../models/words.js";
import { console_ } from "./console.js";
import { fieldList, prose, row } from "./fields.js";

export function bindOperations({ load, caller, send }) {
  for (const element of findAll(".op[data-path]")) {
    element.addEventListener("toggle", () => element.open && show(element));
    if (element.open) show(element);
  }

  async function show(element) {
    const body = find(".op-body", element);
    if (!body.hidden) return;
    body.hidden = false;
    try {
      const document = await load();
      const operation = document.paths[element.dataset.path][element.dataset.method];
      const { path, method } = element.dataset;
      body.replaceChildren(
        make("div", { class: "op-told" }, ...told(operation, document)),
        console_({ call: { path, method: method.toUpperCase() }, operation, document, caller, send }),
      );
    } catch (fault) {
      body.hidden = true;
      element.open = false;
      throw fault;
    }
  }
}

function told(operation, document) {
  return [
    make("p", { class: "op-may" }, who(operation)),
    operation.description && make("p", { class: "op-about" }, ...prose(operation.description)),
    ...parameters(operation, document),
    ...body(operation, document),
    ...answers(operation, document),
    refusals(operation, document),
  ];
}

function who(operation) {
  const needs = operation["x-needs"];
  if (operation["x-who"] === "guest") return t("Anybody may ask; whoever has no token becomes a guest.");
  if (operation["x-who"] === "admin") return t("Needs an access token, of an admin of this server.");
  if (operation["x-who"] !== "token") return t("Anybody may ask.");
  if (!needs) return t("Needs an access token.");
  if (needs === "member") return t("Needs an access token, of somebody who is in the room.");
  if (needs === "owner") return t("Needs an access token, of whoever it belongs to.");
  return t("Needs an access token, of somebody with the right “{right}” in the room.", { right: needs });
}

function parameters({ parameters: all }, document) {
  if (!all.length) return [];
  const rows = all.map((each) =>
    row({
      name: each.in === "query" ? `?${each.name}` : each.name,
      type: typeOf(each.schema, document),
      limits: limitsOf(each.schema),
      required: each.required ?? false,
      about: each.description ?? "",
      depth: 0,
    }),
  );
  return [make("h3", {}, t("Parameters")), make("ul", { class: "fields" }, ...rows)];
}

function body({ requestBody }, document) {
  if (!requestBody) return [];
  const kinds = Object.keys(requestBody.content);
  const { schema } = requestBody.content[kinds[0]];
  return [make("h3", {}, t("Body")), make("p", { class: "op-kinds", dir: "ltr" }, kinds.join(", ")), fieldList(schema, document)];
}

function answers({ responses }, document) {
  const good = Object.entries(responses).filter(([, each]) => !each["x-codes"]);
  const shown = good.flatMap(([status, each]) => {
    const kinds = Object.keys(each.content ?? {});
    const schema = each.content?.["application/json"]?.schema;
    const heading = make("p", { class: "op-status", dir: "ltr" }, make("strong", {}, status), ` ${kinds.join(", ") || each.description}`);
    return [heading, schema && fieldList(schema, document, { told: true })];
  });
  return [make("h3", {}, t("Answer")), ...shown];
}

function refusals({ responses }, document) {
  const rows = Object.entries(responses).flatMap(([status, each]) =>
    (each["x-codes"] ?? []).map((code) =>
      make(
        "li",
        {},
        make("span", { class: "refusal-status" }, status),
        make("a", { href: `#code-${code}`, dir: "ltr" }, make("code", {}, code)),
        make("span", { class: "refusal-meaning" }, ...prose(document["x-codes"][code]?.meaning ?? "")),
      ),
    ),
  );
  return make("details", { class: "refusals" }, make("summary", {}, t("What it may refuse")), make("ul", {}, ...rows));
}
