// The page's reducer for tests/state_compare.py. A line of standard input is a message, and for each a line of standard
// output is the room that it led to: {room} begins with a state, {events} is a commit.
import { apply, opened } from "../../web/static/js/client/room.js";

let room = null;
let unfinished = "";

process.stdin.setEncoding("utf8");
for await (const chunk of process.stdin) {
  const lines = (unfinished + chunk).split("\n");
  unfinished = lines.pop();
  for (const line of lines) {
    const message = JSON.parse(line);
    room = message.room ? opened(message.room) : apply(room, message);
    process.stdout.write(`${JSON.stringify(room)}\n`);
  }
}
