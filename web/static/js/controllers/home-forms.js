/** The two ways in: open a room, or join one. */
import { roomCode } from "../models/format.js";
import { t } from "../models/words.js";
import { find, findAll } from "../helpers/dom.js";
import { onSubmit } from "../helpers/forms.js";
import { toast } from "../helpers/toast.js";

export function bindCreate({ session, api, go }) {
  const form = find("#create");
  const password = find("#create-password");
  for (const choice of findAll("[name=entry_mode]", form)) {
    choice.addEventListener("change", () => {
      password.hidden = form.elements.entry_mode.value !== "password";
      if (!password.hidden) form.elements.password.focus();
    });
  }
  onSubmit(form, async ({ room_name, name, private: hidden, preset, entry_mode, password: word }) => {
    demand({ room_name, name: session.user ? "known" : name, ...(entry_mode === "password" && { password: word }) });
    if (!session.user) await session.enterAsGuest(name.trim());
    const body = { room_name: room_name.trim(), visibility: hidden ? "private" : "public", entry_mode };
    const { code } = await api("POST", "/api/rooms/create/", { body: { ...body, ...(entry_mode === "password" && { password: word }) } });
    if (preset !== "party") {
      // The room is there all the same; what it allows can be changed in its settings.
      await api("PUT", `/api/rooms/${code}/permissions/`, { body: { preset } }).catch((fault) => toast(fault.message, { kind: "bad" }));
    }
    go(code);
  });
}

/** @returns {(text: string) => void} joins by what was scanned */
export function bindJoin({ request, go }) {
  const form = find("#join");
  const field = form.elements.code;
  onSubmit(form, async ({ code: typed }) => {
    const code = roomCode(typed);
    if (!code) throw fault(t("A code has six letters and digits, like Q7K 2MX."));
    try {
      await request("GET", `/r/${code}`, {});
    } catch (refused) {
      if (refused.status === 404) throw fault(t("There is no room with that code. It may have been closed."));
      throw refused;
    }
    go(code);
  });
  // A pasted link or a complete code needs no button.
  field.addEventListener("paste", () => queueMicrotask(() => roomCode(field.value) && form.requestSubmit()));
  return (text) => {
    field.value = roomCode(text) ?? text;
    form.requestSubmit();
  };
}

function demand({ room_name, name, password }) {
  const fields = {};
  if (!room_name.trim()) fields.room_name = t("Give the room a name.");
  if (!name.trim()) fields.name = t("And what should we call you?");
  if (password !== undefined && password.length < 3) fields.password = t("A password has three characters at least.");
  const [first] = Object.values(fields);
  if (first) throw Object.assign(new Error(first), { fields });
}

function fault(message) {
  return Object.assign(new Error(message), { fields: { code: message } });
}
