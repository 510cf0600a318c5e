/** One's own queue becomes a room for others too, with everything that is in it. */
import { find, findAll } from "../../helpers/dom.js";
import { open } from "../../helpers/dialog.js";
import { onSubmit } from "../../helpers/forms.js";
import { t } from "../../models/words.js";

/** @param {any} ctx */
export function bindParty({ api, session }) {
  const dialog = find("#party");
  const form = find("form", dialog);

  onSubmit(form, async ({ name, public: listed }) => {
    const body = { name: name.trim(), visibility: listed ? "public" : "private" };
    const { code } = await api("POST", "/api/playlists/queue/party/", { body });
    location.assign(`/r/${code}`);
  });
  for (const button of findAll(".opens-party")) {
    button.addEventListener("click", () => {
      form.elements.name.value ||= t("{name}’s party", { name: session.user?.name ?? "" });
      open(dialog);
      form.elements.name.select();
    });
  }
}
