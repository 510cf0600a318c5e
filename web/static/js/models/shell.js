/** Which requests the service worker answers, and what of the answers it may keep. Pure. */

/**
 * "file": one that its address names the version of; "page": one that somebody goes to; null: as if there were no worker.
 * So what the interface answers, music and pictures of people never lie in the worker's cache.
 * @param {{method: string, mode: string, url: string}} request @param {string} origin this server's
 * @returns {"file" | "page" | null}
 */
export function kindOf({ method, mode, url }, origin) {
  const address = new URL(url);
  if (method !== "GET" || address.origin !== origin) return null;
  if (mode === "navigate") return "page";
  return /^\/(packed|static)\//.test(address.pathname) && address.searchParams.has("v") ? "file" : null;
}

/** While servers are exchanged, an old one may answer for a file that it has in another version: it says `no-cache` then. */
export function mayKeep({ ok, cached }) {
  return ok && /(^|[ ,])max-age=[1-9]/.test(cached ?? "") && !/no-(cache|store)/.test(cached);
}

/** The caches that an earlier version left. @param {string[]} names @param {string} current */
export function outdated(names, current) {
  return names.filter((name) => name.startsWith("roomd-") && name !== current);
}
