/**
 * Who somebody is on this device: tokens and name, in the browser's storage. Tabs share it, and a refresh token is good
 * once only: used a second time, the server takes it for stolen and ends the session. So a renewal first looks whether
 * another tab has already renewed, and holds a lock while it does.
 *
 * @typedef {{access: string, refresh: string, user: {id: string, name: string, is_guest?: boolean, is_admin?: boolean}}} Signed
 */

const KEY = "roomd.session";

export class Session {
  #renewing = null;

  /**
   * @param {{storage: Storage, request: (method: string, path: string, more?: {body?: object, token?: string}) => Promise<any>,
   *   exclusively?: (run: () => Promise<any>) => Promise<any>}} parts
   */
  constructor({ storage, request, exclusively = (run) => run() }) {
    this.storage = storage;
    this.request = request;
    this.exclusively = exclusively;
  }

  /** @returns {Signed | null} */
  get signed() {
    try {
      return JSON.parse(this.storage.getItem(KEY) ?? "null");
    } catch {
      return null;
    }
  }

  get user() {
    return this.signed?.user ?? null;
  }

  token() {
    return this.signed?.access ?? "";
  }

  async enterAsGuest(name) {
    return this.#keep(await this.request("POST", "/api/auth/guest/", { body: { name } }));
  }

  async signIn(email, password) {
    return this.#keep(await this.request("POST", "/api/auth/login/", { body: { email, password } }));
  }

  async register(username, email, password) {
    await this.request("POST", "/api/accounts/register/", { body: { username, email, password } });
    return this.signIn(email, password);
  }

  /** Takes over what the server said of this session since: a fresh token, or another name. @param {Partial<Signed>} changes */
  adopt(changes) {
    this.#store({ ...this.signed, ...changes });
  }

  /** The session is over, and the server knows. */
  forget() {
    this.storage.removeItem(KEY);
  }

  /** Signs out here, whether or not the server can be told. */
  async signOut() {
    const token = this.token();
    this.storage.removeItem(KEY);
    if (token) await this.request("POST", "/api/auth/logout/", { token }).catch(() => {});
  }

  /**
   * Gets a fresh token in place of one that was refused. False: the session is over. Fails when the server cannot be
   * reached, for then nothing is known.
   * @returns {Promise<boolean>}
   */
  renew() {
    const refused = this.token();
    this.#renewing ??= this.exclusively(() => this.#renewOnce(refused)).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #renewOnce(refused) {
    const signed = this.signed;
    if (!signed) return false;
    if (signed.access !== refused) return true;
    try {
      const { access, refresh } = await this.request("POST", "/api/accounts/token/refresh/", { body: { refresh: signed.refresh } });
      this.#store({ ...signed, access, refresh });
      return true;
    } catch (fault) {
      if (fault.status !== 400 && fault.status !== 401 && fault.status !== 403) throw fault;
      this.storage.removeItem(KEY);
      return false;
    }
  }

  #keep({ access_token, refresh_token, user }) {
    this.#store({ access: access_token, refresh: refresh_token, user });
    return user;
  }

  #store(signed) {
    this.storage.setItem(KEY, JSON.stringify(signed));
  }
}
