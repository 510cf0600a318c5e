/** What early.js has begun before the page's script was there: a connection, and what somebody did meanwhile. */

/** The server refuses a token, a person or a room: to ask again by another connection would be the same. */
const REFUSED = 4_000;
/** A play that nobody could hear for so long would surprise everybody. Milliseconds. */
const STALE_MS = 15_000;

/**
 * @param {any} early what early.js has left in the window, if it ran
 * @param {(url: string) => WebSocket} [open]
 * @returns {(url: string) => WebSocket} the first time the early one, if it is still good for that address; whoever takes it
 *   sets its handlers at once, and is told then what has come meanwhile
 */
export function earlySocket(early, open = (url) => new WebSocket(url)) {
  return (url) => {
    const { socket, heard, closed } = early ?? {};
    if (early) early.socket = null;
    const good = socket?.url === url && (socket.readyState <= 1 || closed?.code >= REFUSED);
    if (!good) return open(url);
    queueMicrotask(() => {
      // As events, but for the time at which each came.
      for (const each of heard.splice(0)) socket.onmessage?.(each);
      if (closed) socket.onclose?.(closed);
    });
    return socket;
  };
}

/** The answer about a guest of this name, if it was asked for already. @param {any} early @param {string} name */
export function earlyGuest(early, name) {
  const { guest } = early ?? {};
  if (early) early.guest = null;
  return guest?.name === name ? guest.answer : undefined;
}

/**
 * Does, once and in order, what was done to elements that had no listeners then.
 * @param {any} early
 */
export function redo(early) {
  for (const { type, target, value } of early?.take() ?? []) {
    if (!target.isConnected) continue;
    if (value !== undefined) target.value = value;
    // What the browser itself does at a click or a letter, it has done; listeners are told.
    target.dispatchEvent(new Event(type, { bubbles: true, cancelable: true }));
  }
  if (early && document.activeElement?.matches("input")) document.activeElement.dispatchEvent(new Event("focus"));
}

/**
 * Once the room is shown: what was wished for from then on is done by the page, what was before is handed to it.
 * @param {any} early @param {{say: (text: string, id?: string) => void, press: (sign: string, id?: string) => void}} does
 *   `id`: that under which the server was told already
 */
export function granted(early, { say, press }, now = performance.now()) {
  for (const { fields, id, at } of early?.end() ?? []) {
    if (fields.type === "say") say(fields.text, id);
    else if (now - at < STALE_MS) press(fields.type, id);
  }
  // What stands open without anything in it, as that is of the room, is filled.
  for (const button of early?.opened.splice(0) ?? []) {
    if (/** @type {any} */ (document.getElementById(button.dataset.opens)).open) button.click();
  }
}
