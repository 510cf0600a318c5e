/** Who has no name here yet gives one, or signs in: then everything is theirs. */
import { find, findAll } from "../../helpers/dom.js";
import { onSubmit } from "../../helpers/forms.js";
import { t } from "../../models/words.js";

/** @param {{session: import("../../models/session.js").Session, entered: () => void}} parts */
export function bindGate({ session, entered }) {
  const gate = find("#gate");

  function render() {
    gate.hidden = session.user !== null;
    find("#view").hidden = session.user === null;
    find("#search-form").inert = session.user === null;
    for (const note of findAll(".guest-note")) note.hidden = !session.user?.is_guest;
  }

  onSubmit(find("form", gate), async ({ name }) => {
    if (!name.trim()) throw Object.assign(new Error(t("Please enter a name.")), { fields: { name: "" } });
    await session.enterAsGuest(name.trim());
    render();
    entered();
  });
  render();
  return { render };
}
