/** Where things are in the library: addresses to views, and back. Pure. */

export const HOME = "/library/";

/** Views that show one thing each, and what their addresses begin with. */
const SINGLE = { artists: "artist", albums: "album", playlists: "playlist", genres: "genre" };
const LISTS = new Set(["search", "playlists", "favourites", "history", "charts", "genres"]);

/**
 * @param {string} path @param {string} [query] with its question mark
 * @returns {{view: string, id: string, q: string, provider: string} | null} null for what is no address of the library
 */
export function routeOf(path, query = "") {
  const parts = path.split("/").filter(Boolean);
  if (parts[0] !== "library" || parts.length > 3) return null;
  const asked = new URLSearchParams(query);
  const more = { id: "", q: asked.get("q") ?? "", provider: asked.get("provider") ?? "" };
  if (parts.length === 1) return { view: "home", ...more };
  if (parts.length === 2) return LISTS.has(parts[1]) ? { view: parts[1], ...more } : null;
  const view = SINGLE[parts[1]];
  const id = decoded(parts[2]);
  return view && id ? { view, ...more, id } : null;
}

export const artistAt = (id) => `/library/artists/${encodeURIComponent(id)}`;
export const albumAt = (id) => `/library/albums/${encodeURIComponent(id)}`;
export const playlistAt = (id) => `/library/playlists/${encodeURIComponent(id)}`;
export const genreAt = (id) => `/library/genres/${encodeURIComponent(id)}`;

/** @param {string} q @param {string} [provider] */
export function searchAt(q, provider = "") {
  const asked = new URLSearchParams({ ...(q && { q }), ...(provider && { provider }) }).toString();
  return `/library/search${asked && `?${asked}`}`;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
