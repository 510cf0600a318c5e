/** The door: a name for whoever has none yet, and the password where the room has one. */
import { find } from "../helpers/dom.js";
import { open } from "../helpers/dialog.js";
import { onSubmit } from "../helpers/forms.js";
import { t } from "../models/words.js";

/**
 * Resolves when this person is somebody, and knows the password if there is one.
 * @param {{session: import("../models/session.js").Session, api: Function, code: string, mode: string}} parts
 * @returns {Promise<void>}
 */
export async function enter({ session, api, code, mode }) {
  if (session.user && mode !== "password") return undefined;
  const dialog = find("#enter");
  const form = find("#enter-form");
  find("#enter-password").hidden = mode !== "password";
  find("#enter-name").hidden = session.user !== null;
  if (session.user) find("#enter-title").textContent = t("What is the word?");
  let answered = false;
  dialog.addEventListener("close", () => answered || open(dialog));
  open(dialog);
  return new Promise((resolve) => {
    onSubmit(form, async ({ name, password }) => {
      if (!session.user) await session.enterAsGuest(required(name, "name", t("Please enter a name.")));
      if (mode === "password") await knock(api, { code, ...(password && { password }) });
      answered = true;
      dialog.close();
      resolve();
    });
  });
}

/** A word that does not open the door is to be given anew. */
async function knock(api, body) {
  try {
    await api("POST", "/api/rooms/join/", { body });
  } catch (fault) {
    throw fault.code === "wrong_password" || fault.code === "password_needed" ? Object.assign(fault, { fields: { password: fault.message } }) : fault;
  }
}

function required(value, field, message) {
  const text = value.trim();
  if (!text) throw Object.assign(new Error(message), { fields: { [field]: message } });
  return text;
}
