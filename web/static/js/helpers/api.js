/** The server over HTTP: JSON in, JSON out, and one kind of error with words for whoever reads the page. */
import { explained } from "./refusals.js";

export class ApiError extends Error {
  /** @param {number} status @param {{code?: string, message?: string, fields?: Record<string, string>}} refusal */
  constructor(status, { code = "error", message, fields = {} }) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

/**
 * @param {string} method @param {string} path
 * @param {{body?: object, token?: string, signal?: AbortSignal, as?: "json" | "blob",
 *   sent?: Promise<Response>}} [more] `body`: JSON, or a FormData as it is; `sent`: it is under way already
 */
export async function request(method, path, { body, token, signal, as = "json", sent } = {}) {
  const form = body instanceof FormData;
  /** @type {Record<string, string>} */
  const headers = { Accept: as === "json" ? "application/json" : "*/*" };
  if (body && !form) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await answered(sent ?? fetch(path, { method, headers, signal, body: form ? body : body && JSON.stringify(body) }));
  if (as === "blob" && answer.ok) return answer.blob();
  const value = await answer.json().catch(() => null);
  if (!answer.ok) throw new ApiError(answer.status, await explained(value?.error));
  return value;
}

/** The same as somebody in particular; a token that has run out is renewed once. */
export function requestAs(session) {
  return async (method, path, more = {}) => {
    try {
      return await request(method, path, { ...more, token: session.token() });
    } catch (fault) {
      if (fault.status !== 401 || !(await session.renew())) throw fault;
      return request(method, path, { ...more, token: session.token() });
    }
  };
}

/** Runs alone among all tabs, where the browser can tell (https only). */
export function exclusively(run) {
  return navigator.locks ? navigator.locks.request("roomd.session", run) : run();
}

async function answered(sent) {
  try {
    return await sent;
  } catch (fault) {
    if (fault.name === "AbortError") throw fault;
    throw new ApiError(0, await explained({ code: "offline" }));
  }
}
