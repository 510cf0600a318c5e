/** Recordings at services whose players this page does not have: they can be queued, and be heard there only. */

const SERVICES = new Map([["vimeo", "Vimeo"], ["soundcloud", "SoundCloud"], ["spotify", "Spotify"]]);

/** Whether a picture would be asked of YouTube. */
export function isYouTubes(address) {
  return /^https:\/\/([a-z0-9-]+\.)*(ytimg\.com|ggpht\.com|youtube\.com)\//i.test(address);
}

/**
 * The service where a track plays, and the address of it there; null for what this page plays itself.
 * @param {{source?: string, url: string}} track @returns {{name: string, url: string} | null}
 */
export function elsewhere({ source = "", url }) {
  const name = SERVICES.get(source.split(":")[0]);
  return name && /^https:\/\//.test(url) ? { name, url } : null;
}

/** Whether a track is a station's: it has no length, and what is on is the same for everybody. @param {{source?: string, duration_ms?: number | null}} track */
export function isLive({ source = "", duration_ms: length }) {
  return length == null && source.startsWith("radio:");
}
