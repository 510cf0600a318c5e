/** Who the calls on the page are made as: whoever is signed in, somebody else by a token, or nobody. */
import { find, findAll, setText } from "../../helpers/dom.js";
import { toast } from "../../helpers/toast.js";
import { t } from "../../models/words.js";

export function bindCaller({ session }) {
  const box = find("#docs-token");
  const pasted = find("[name=token]", box);
  const guest = find("#docs-guest");
  const chosen = () => find("[name=as]:checked", box)?.value ?? "nobody";
  const listeners = [];

  box.addEventListener("input", tell);
  guest.addEventListener("click", async () => {
    guest.disabled = true;
    try {
      await session.enterAsGuest();
      location.reload();
    } catch (fault) {
      toast(fault.message, { kind: "bad" });
      guest.disabled = false;
    }
  });

  function tell() {
    find(".docs-pasted", box).hidden = chosen() !== "other";
    for (const listener of listeners) listener();
  }

  function render() {
    const { user } = session;
    const mine = find("[value=me]", box);
    mine.disabled = user === null;
    setText(find("#docs-me"), user ? t("{name}, who is signed in here", { name: user.name }) : t("Whoever is signed in here"));
    find(".docs-guest", box).hidden = user !== null;
    const wanted = user ? "me" : "nobody";
    for (const input of findAll("[name=as]", box)) input.checked = input.value === (chosen() === "other" ? "other" : wanted);
    tell();
  }

  render();
  return {
    render,
    /** The token to send now, or "" for none. */
    token: () => ({ me: session.token(), other: pasted.value.trim(), nobody: "" })[chosen()],
    /** One's own token has run out: another one, where there is. */
    renew: async () => chosen() === "me" && session.renew(),
    onChange: (listener) => listeners.push(listener),
  };
}
