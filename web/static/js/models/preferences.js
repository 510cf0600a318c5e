/** What this device remembers about its owner's taste. One small record; anything unreadable is the default. */

const KEY = "roomd.preferences";
const DEFAULTS = { volume: 0.9, muted: false, shortcuts: true, even: true, trim: 0, latency: 80, player: "auto", youtube: false, emoji: [] };

export class Preferences {
  /** @param {Storage} storage */
  constructor(storage) {
    this.storage = storage;
  }

  /** @returns {typeof DEFAULTS} */
  get all() {
    try {
      return { ...DEFAULTS, ...JSON.parse(this.storage.getItem(KEY) ?? "{}") };
    } catch {
      return { ...DEFAULTS };
    }
  }

  /** @param {Partial<typeof DEFAULTS>} changes */
  set(changes) {
    this.storage.setItem(KEY, JSON.stringify({ ...this.all, ...changes }));
  }
}
