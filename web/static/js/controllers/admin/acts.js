/** What admins do to something: asked for once more with a reason, done, and told. */
import { open } from "../../helpers/dialog.js";
import { find, make } from "../../helpers/dom.js";
import { onSubmit } from "../../helpers/forms.js";
import { toast } from "../../helpers/toast.js";
import { t } from "../../models/words.js";

/** @param {{api: Function, lost: (fault: Error) => void}} parts `lost`: what was done cannot be looked at any more, say for it was one's own sign-in that ended */
export function bindActs({ api, lost }) {
  const dialog = find("#act");
  let wanted = null;
  let after = async () => {};

  onSubmit(find("#act-form"), async ({ reason }) => {
    const { method, path, body } = wanted;
    await api(method, path, { body: { ...body, reason: reason.trim() } });
    dialog.close();
    toast(t("Done, and noted."));
    await after().catch(lost);
  });

  /** A button that does something, after a question; then `done` shows what has become of it. @param {{label: string, title: string, text: string, method: string, path: string, body?: object, bad?: boolean}} act @param {() => Promise<void>} done */
  function button(act, done) {
    return make("button", { type: "button", class: act.bad === false ? "button small" : "button small danger", onclick: () => ask(act, done) }, act.label);
  }

  function ask(act, done) {
    wanted = act;
    after = done;
    find("#act-title").textContent = act.title;
    find("#act-text").textContent = act.text;
    find("#act-yes").textContent = act.label;
    find("#act-form").reset();
    find("#act-form .form-error").hidden = true;
    open(dialog);
  }

  return { button };
}
