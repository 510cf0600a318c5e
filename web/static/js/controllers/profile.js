/** Who one is: name and words, the picture, an account in the place of a guest, another password. */
import { find, make, setText } from "../helpers/dom.js";
import { onSubmit } from "../helpers/forms.js";
import { toast } from "../helpers/toast.js";
import { hueOf, initials } from "../models/format.js";
import { t } from "../models/words.js";

export function bindProfile({ session, api, render }) {
  const forms = { profile: find("#profile"), upgrade: find("#upgrade"), password: find("#password") };
  const file = find("#avatar-file");

  async function load() {
    const profile = await api("GET", "/api/accounts/profile/").catch(told);
    if (profile) fill(profile);
  }

  function fill(profile) {
    for (const name of ["name", "username", "bio"]) forms.profile.elements[name].value = profile[name];
    setText(find("#me-name"), profile.name);
    setText(find("#me-email"), profile.email || t("A guest: no email, no password"));
    picture(profile.avatar, profile.name);
  }

  function picture(address, name) {
    const badge = find("#avatar");
    badge.style.setProperty("--hue", String(hueOf(name)));
    badge.replaceChildren(address ? make("img", { src: address, alt: t("Your picture") }) : initials(name));
    find("#avatar-remove").hidden = !address;
  }

  onSubmit(forms.profile, async ({ name, username, bio }) => {
    const body = session.user?.is_guest ? { name, bio } : { name, username, bio };
    const saved = await api("PATCH", "/api/accounts/profile/", { body });
    fill(saved);
    session.adopt({ user: { ...session.user, name: saved.name } });
    // Tokens carry the name by which rooms call one.
    await session.renew();
    toast(t("Saved."));
    render();
  });

  onSubmit(forms.upgrade, async ({ username, email, password }) => {
    const body = { username: username.trim(), email: email.trim(), password };
    const { access_token, user } = await api("POST", "/api/accounts/upgrade/", { body });
    session.adopt({ access: access_token, user });
    forms.upgrade.reset();
    toast(t("You have an account now. All that was yours still is."));
    render();
    find("#content").focus();
  });

  onSubmit(forms.password, async ({ password, new_password }) => {
    await api("POST", "/api/accounts/password/", { body: { password, new_password } });
    forms.password.reset();
    toast(t("The password is changed, and you are signed out everywhere else."));
    render();
  });

  find("#avatar-choose").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    const [chosen] = file.files;
    file.value = "";
    if (chosen) send(chosen);
  });
  find("#avatar-remove").addEventListener("click", async () => {
    await tried(async () => {
      await api("DELETE", "/api/accounts/upload-avatar/");
      picture("", session.user.name);
    });
    find("#avatar-choose").focus();
  });

  /** Shows the picture while it is on its way; what the server refuses is the former one again. */
  async function send(chosen) {
    picture(await asAddress(chosen), session.user.name);
    const body = new FormData();
    body.append("avatar", chosen);
    const sent = await tried(async () => {
      const { avatar_url } = await api("POST", "/api/accounts/upload-avatar/", { body });
      picture(avatar_url, session.user.name);
    });
    if (!sent) load();
  }

  /** @param {() => Promise<void>} act @returns {Promise<boolean>} whether it was done */
  async function tried(act) {
    const note = find("#avatar-error");
    note.hidden = true;
    find("#avatar-choose").disabled = true;
    try {
      await act();
      return true;
    } catch (fault) {
      note.textContent = fault.message;
      note.hidden = false;
      return false;
    } finally {
      find("#avatar-choose").disabled = false;
    }
  }

  return { load };
}

/** The picture in its address: pages show none that this browser makes in other ways. @returns {Promise<string>} */
function asAddress(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

function told(fault) {
  if (fault.status !== 401) toast(fault.message, { kind: "bad" });
}
