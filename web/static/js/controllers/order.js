/** Who may do what in this room, in words; and for those who keep order, who is kept out of it. */
import { ROLES, rolesInWords } from "../models/roles.js";
import { limitWords, modeWords } from "../models/turns.js";
import { t } from "../models/words.js";
import { face } from "../helpers/cover.js";
import { find, make, setText } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";

export function bindOrder({ client, api, code }) {
  const dialog = find("#order");
  const bans = find("#bans");
  const list = find("#bans-list");
  const note = find("#bans-note");

  find("#who-may").addEventListener("click", () => {
    render(client.state);
    if (client.may("moderate")) lookUp();
  });

  async function lookUp() {
    setText(note, t("Looking…"));
    try {
      const found = await api("GET", `/api/rooms/${code}/bans/`);
      list.replaceChildren(...found.bans.map(rowOf));
      sayWhetherAny();
    } catch (fault) {
      setText(note, fault.message);
    }
  }

  function sayWhetherAny() {
    setText(note, list.childElementCount === 0 ? t("Nobody is kept out.") : "");
  }

  function rowOf({ user_id: user, name, reason }) {
    const back = make("button", { type: "button", class: "button small", "aria-label": t("Let {name} in again", { name }) }, t("Let in again"));
    const row = make("li", { class: "person" }, face(name), make("span", { class: "person-name" }, reason ? `${name} – ${reason}` : name), back);
    back.addEventListener("click", async () => {
      back.disabled = true;
      try {
        await api("DELETE", `/api/rooms/${code}/bans/${encodeURIComponent(user)}/`);
        row.remove();
        sayWhetherAny();
        find("[data-close]", dialog).focus();
        toast(t("{name} may come in again.", { name }));
      } catch (fault) {
        back.disabled = false;
        toast(fault.message, { kind: "bad" });
      }
    });
    return row;
  }

  function render(state) {
    if (!dialog.open || !state) return;
    const me = state.members.find((each) => each.id === client.you?.id);
    setText(find("#your-role"), me ? t("You are here as: {role}", { role: ROLES[me.role] }) : "");
    const roles = rolesInWords(state.rights).map(({ name, what, may }) => [make("dt", {}, name), make("dd", {}, make("span", {}, what), " ", make("strong", {}, may))]);
    find("#roles").replaceChildren(...roles.flat());
    setText(find("#order-mode"), modeWords(state.queue_mode));
    find("#order-limits").replaceChildren(...limitWords(state).map((line) => make("li", {}, line)));
    bans.hidden = !client.may("moderate");
  }

  return { render };
}
