/** Signing in, making an account, and who one is at the moment. */
import { find, findAll, setText } from "../helpers/dom.js";
import { onSubmit } from "../helpers/forms.js";
import { t } from "../models/words.js";

export function bindAccount({ session, onUser = () => {} }) {
  const dialog = find("#account");
  const forms = { login: find("#login"), register: find("#register") };

  for (const button of findAll("[data-shows]", dialog)) {
    button.addEventListener("click", () => {
      for (const [name, form] of Object.entries(forms)) form.hidden = name !== button.dataset.shows;
      setText(find("#account-title"), button.dataset.shows === "login" ? t("Sign in") : t("Make an account"));
      find("input", forms[button.dataset.shows]).focus();
    });
  }
  onSubmit(forms.login, async ({ email, password }) => {
    await session.signIn(email.trim(), password);
    done();
  });
  onSubmit(forms.register, async ({ username, email, password }) => {
    await session.register(username.trim(), email.trim(), password);
    done();
  });
  find("#sign-out").addEventListener("click", async () => {
    await session.signOut();
    render();
    onUser();
  });

  function done() {
    dialog.close();
    render();
    onUser();
  }

  function render() {
    const { user } = session;
    find("#who").hidden = find("#sign-out").hidden = user === null;
    find("#sign-in").hidden = user !== null;
    setText(find("#who"), user?.name ?? "");
    find("#oversee").hidden = !user?.is_admin;
    for (const field of findAll("[data-guest-only]")) field.hidden = user !== null;
  }

  render();
  return { render };
}
