/** The connection that early.js has opened, or is opening, for whoever would open one. */

/**
 * @param {any} page the window, with what early.js has left in it
 * @param {(url: string) => WebSocket} [open]
 * @returns {(url: string) => WebSocket} the first time the early one, if it is still good for that address; whoever takes it
 *   sets its handlers at once, and is told then what has come meanwhile
 */
export function earlySocket(page, open = (url) => new WebSocket(url)) {
  return (url) => {
    const { socket, heard } = page.early ?? {};
    page.early = null;
    if (!socket || socket.url !== url || socket.readyState > 1) return open(url);
    queueMicrotask(() => {
      for (const event of heard) socket.onmessage?.(event);
    });
    return socket;
  };
}
