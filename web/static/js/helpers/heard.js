/** What the server has found out by listening to a file of its own. */

/**
 * Without ffmpeg, or about what is not in its folder, it knows nothing.
 * @returns {Promise<{status?: "off" | "waiting" | "listening" | "converting" | "ready" | "failed", progress?: number,
 *   converted?: boolean, peaks_url?: string}>}
 */
export async function heardOf(api, source) {
  if (!source?.startsWith("local:")) return {};
  return await api("GET", `/api/catalogue/sound/${encodeURIComponent(source)}/`).catch(() => ({}));
}
