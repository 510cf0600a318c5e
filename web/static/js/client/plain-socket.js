/** A WebSocket of any contract, for whoever wants to see its frames as they are. */

/**
 * @param {string} address
 * @param {{onOpen: () => void, onFrame: (text: string) => void, onClose: (code: number, reason: string) => void}} told
 * @returns {{send: (text: string) => void, close: () => void}}
 */
export function open(address, { onOpen, onFrame, onClose }) {
  const socket = new WebSocket(address);
  socket.addEventListener("open", onOpen);
  socket.addEventListener("message", ({ data }) => onFrame(data));
  socket.addEventListener("close", ({ code, reason }) => onClose(code, reason));
  return { send: (text) => socket.send(text), close: () => socket.close(1000) };
}
