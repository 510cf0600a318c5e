// What one writes first with node's `ws`: `send` to each client in a loop. For comparison.
import { WebSocketServer } from "ws";

const PAYLOAD = 200;
const server = new WebSocketServer({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
server.on("connection", (socket) => {
  socket.on("error", () => socket.terminate());
  socket.on("message", (data) => {
    const text = data.toString().padEnd(PAYLOAD);
    for (const each of server.clients) each.send(text);
  });
});
