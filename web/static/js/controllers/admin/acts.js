/** What admins do to something: asked for once more with a reason, done, and told. */
import { open } from "../../helpers/dialog.js";
import { find, make } from "../../helpers/dom.js";
import { onSubmit } from "../../helpers/forms.js";
import { toast } from "../../helpers/toast.js";
import { t } from "../../models/words.js";

/** @param {{api: Function, after: () => void}} parts */
export function bindActs({ api, after }) {
  const dialog = find("#act");
  let wanted = null;

  onSubmit(find("#act-form"), async ({ reason }) => {
    const { method, path, body } = wanted;
    await api(method, path, { body: { ...body, reason: reason.trim() } });
    dialog.close();
    toast(t("Done, and noted."));
    after();
  });

  /** A button that does something, after a question. @param {{label: string, title: string, text: string, method: string, path: string, body?: object, bad?: boolean}} act */
  function button(act) {
    return make("button", { type: "button", class: act.bad === false ? "button small" : "button small danger", onclick: () => ask(act) }, act.label);
  }

  function ask(act) {
    wanted = act;
    find("#act-title").textContent = act.title;
    find("#act-text").textContent = act.text;
    find("#act-yes").textContent = act.label;
    find("#act-form").reset();
    find("#act-form .form-error").hidden = true;
    open(dialog);
  }

  return { button };
}
