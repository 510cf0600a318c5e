/** Signing in, making an account, and who one is at the moment. */
import { find, findAll, setText } from "../helpers/dom.js";
import { onSubmit } from "../helpers/forms.js";

export function bindAccount({ session }) {
  const dialog = find("#account");
  const forms = { login: find("#login"), register: find("#register") };

  for (const button of findAll("[data-shows]", dialog)) {
    button.addEventListener("click", () => {
      for (const [name, form] of Object.entries(forms)) form.hidden = name !== button.dataset.shows;
      setText(find("#account-title"), button.dataset.shows === "login" ? "Sign in" : "Make an account");
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
  });

  function done() {
    dialog.close();
    render();
  }

  function render() {
    const { user } = session;
    find("#who").hidden = find("#sign-out").hidden = user === null;
    find("#sign-in").hidden = user !== null;
    setText(find("#who"), user?.name ?? "");
    for (const field of findAll("[data-guest-only]")) field.hidden = user !== null;
  }

  render();
}
