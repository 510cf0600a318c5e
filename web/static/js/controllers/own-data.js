/** All of one's data as a file, and the end of an account. */
import { find, make } from "../helpers/dom.js";
import { onSubmit } from "../helpers/forms.js";
import { toast } from "../helpers/toast.js";
import { t } from "../models/words.js";

export function bindOwnData({ session, api, render }) {
  const button = find("#export");
  const note = find("#export-error");

  button.addEventListener("click", async () => {
    note.hidden = true;
    button.disabled = true;
    try {
      save(await api("GET", "/api/accounts/export/", { as: "blob" }), "roomd-export.zip");
    } catch (fault) {
      note.textContent = fault.message;
      note.hidden = false;
    } finally {
      button.disabled = false;
      button.focus();
    }
  });

  onSubmit(find("#delete-form"), async ({ password = "" }) => {
    await api("POST", "/api/accounts/delete/", { body: { password } });
    session.forget();
    find("#delete").close();
    find("#delete-form").reset();
    toast(t("Your account is deleted. Take care."));
    render();
  });
}

function save(blob, name) {
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: name }).click();
  // Once the browser has begun to write it, the address is of no more use.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
