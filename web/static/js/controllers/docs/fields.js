/** A schema as a list of fields. */
import { make } from "../../helpers/dom.js";
import { choices, fieldsOf, resolved, typeOf } from "../../models/docs/schema.js";
import { t } from "../../models/words.js";

/**
 * @param {object} schema @param {object} document the one that its references lead into
 * @param {{told?: boolean}} [more] `told`: by the server, where what may be missing is worth a word, and not what is there
 */
export function fieldList(schema, document, { told = false } = {}) {
  const kinds = choices(schema, document);
  const lists = kinds.map((kind) => {
    const whole = kind.type === "array" ? kind.items : kind;
    const about = resolved(whole, document).description;
    const fields = fieldsOf(whole, document);
    const name = typeOf(kind, document);
    const title = make("p", { class: "fields-title", dir: "ltr" }, make("code", {}, name));
    return fields.length ? make("div", { class: "fields-box" }, title, about && make("p", { class: "fields-about" }, ...prose(about)), make("ul", { class: "fields" }, ...fields.map((field) => row({ ...field, told })))) : title;
  });
  return make("div", { class: "fields-all" }, ...lists);
}

/** @param {import("../../models/docs/schema.js").Field & {told?: boolean}} field */
export function row(field) {
  const line = make(
    "li",
    { class: "field-row" },
    make("span", { class: "field-name", dir: "ltr" }, field.name),
    make("span", { class: "field-type", dir: "ltr" }, field.type),
    field.limits && make("span", { class: "field-limits", dir: "ltr" }, field.limits),
    field.required && !field.told && make("span", { class: "field-needed" }, t("needed")),
    !field.required && field.told && make("span", { class: "field-limits" }, t("not always there")),
    field.about && make("span", { class: "field-about" }, ...prose(field.about)),
  );
  line.style.setProperty("--depth", field.depth);
  return line;
}

/** Text in which what stands between backquotes is code. */
export function prose(text) {
  return text.split("\u0060").map((part, n) => (n % 2 ? make("code", { dir: "ltr" }, part) : part));
}
