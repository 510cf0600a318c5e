/** The two ways in: open a room, or join one. */
import { roomCode } from "../models/format.js";
import { find } from "../helpers/dom.js";
import { onSubmit } from "../helpers/forms.js";

export function bindCreate({ session, api, go }) {
  onSubmit(find("#create"), async ({ room_name, name, private: hidden }) => {
    const missing = {};
    if (!room_name.trim()) missing.room_name = "required";
    if (!session.user && !name.trim()) missing.name = "required";
    if (Object.keys(missing).length > 0) {
      throw Object.assign(new Error(missing.room_name ? "Give the room a name." : "And what should we call you?"), { fields: missing });
    }
    if (!session.user) await session.enterAsGuest(name.trim());
    const body = { room_name: room_name.trim(), visibility: hidden ? "private" : "public" };
    const { code } = await api("POST", "/api/rooms/create/", { body });
    go(code);
  });
}

export function bindJoin({ request, go }) {
  const form = find("#join");
  onSubmit(form, async ({ code: typed }) => {
    const code = roomCode(typed);
    if (!code) throw fault("A code has six letters and digits, like Q7K 2MX.");
    try {
      await request("GET", `/r/${code}`, {});
    } catch (refused) {
      if (refused.status === 404) throw fault("There is no room with that code. It may have been closed.");
      throw refused;
    }
    go(code);
  });
  // A pasted link or a complete code needs no button.
  form.elements.code.addEventListener("paste", () => queueMicrotask(() => roomCode(form.elements.code.value) && form.requestSubmit()));
}

function fault(message) {
  return Object.assign(new Error(message), { fields: { code: message } });
}
