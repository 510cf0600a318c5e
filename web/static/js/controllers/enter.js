/** The door: a name for whoever has none yet, and the password where the room has one. */
import { find } from "../helpers/dom.js";
import { open } from "../helpers/dialog.js";
import { onSubmit } from "../helpers/forms.js";

/**
 * Resolves with "in" when this person is somebody and may come in, and with "asked" when the host has to say yes first.
 * @param {{session: import("../models/session.js").Session, api: Function, code: string, mode: string}} parts
 * @returns {Promise<"in" | "asked">}
 */
export async function enter({ session, api, code, mode }) {
  if (session.user && mode !== "password") return knock({ api, code, mode });
  const dialog = find("#enter");
  const form = find("#enter-form");
  find("#enter-password").hidden = mode !== "password";
  find("#enter-name").hidden = session.user !== null;
  if (session.user) find("#enter-title").textContent = "What is the word?";
  let answered = false;
  dialog.addEventListener("close", () => answered || open(dialog));
  open(dialog);
  return new Promise((resolve) => {
    onSubmit(form, async ({ name, password }) => {
      if (!session.user) await session.enterAsGuest(required(name, "name", "Please enter a name."));
      const answer = await knock({ api, code, mode, password });
      answered = true;
      dialog.close();
      resolve(answer);
    });
  });
}

/** Public rooms are entered by saying hello to them; the others are asked first. */
async function knock({ api, code, mode, password }) {
  if (mode !== "password" && mode !== "approval") return "in";
  const { status } = await api("POST", "/api/rooms/join/", { body: { code, ...(password && { password }) } });
  return status === "PENDING" ? "asked" : "in";
}

function required(value, field, message) {
  const text = value.trim();
  if (!text) throw Object.assign(new Error(message), { fields: { [field]: message } });
  return text;
}
