/** One's favourites: known once, and told to whoever shows them. A change shows at once, and back again where it fails. */
export class Favourites {
  /** @type {Set<string>} */
  #ids = new Set();
  #loading = null;
  #listeners = new Set();

  /** @param {{api: Function}} parts */
  constructor({ api }) {
    this.api = api;
  }

  has(id) {
    return this.#ids.has(id);
  }

  /** @returns {Promise<void>} */
  load() {
    this.#loading ??= this.api("GET", "/api/playlists/favorites/ids/").then(
      ({ track_ids: all }) => {
        this.#ids = new Set(all);
        this.#tell();
      },
      () => {
        this.#loading = null;
      },
    );
    return this.#loading;
  }

  /** Fails with the server's words where it refuses. */
  async set(id, on) {
    this.#mark(id, on);
    try {
      if (on) await this.api("POST", "/api/playlists/favorites/add/", { body: { track_id: id } });
      else await this.api("DELETE", `/api/playlists/favorites/remove/?track_id=${encodeURIComponent(id)}`);
    } catch (fault) {
      if (!on && fault.code === "no_such_favourite") return;
      this.#mark(id, !on);
      throw fault;
    }
  }

  listen(tell) {
    this.#listeners.add(tell);
  }

  #mark(id, on) {
    if (on) this.#ids.add(id);
    else this.#ids.delete(id);
    this.#tell();
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}
