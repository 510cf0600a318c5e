/** Files to and from the server, as whoever is signed in: what JSON does not carry. */
import { ApiError } from "../../helpers/api.js";
import { make } from "../../helpers/dom.js";

/** @param {import("../../models/session.js").Session} session */
export function bindFiles(session) {
  const send = (method, path, body) => fetch(path, { method, body, headers: { Accept: "application/json", Authorization: `Bearer ${session.token()}` } });

  /** A token that has run out is renewed once. Fails with ApiError. */
  async function asked(method, path, body) {
    try {
      const answer = await send(method, path, body);
      const final = answer.status === 401 && (await session.renew()) ? await send(method, path, body) : answer;
      if (final.ok) return final;
      const error = (await final.json().catch(() => null))?.error;
      throw new ApiError(final.status, error);
    } catch (fault) {
      if (fault instanceof ApiError) throw fault;
      throw new ApiError(0, { code: "offline", message: "The server cannot be reached. Is this device online?" });
    }
  }

  return {
    /** @param {Record<string, Blob>} fields */
    async upload(path, fields) {
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      return (await asked("POST", path, form)).json();
    },

    /** Has the browser save what is there under a name. */
    async save(path, name) {
      const address = URL.createObjectURL(await (await asked("GET", path)).blob());
      const link = make("a", { href: address, download: name });
      link.click();
      // Not at once: Safari reads it after the click.
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    },
  };
}
