"""What one writes first with Tornado: `write_message` in a loop, no state, no checks. For comparison."""

import asyncio
import sys

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler

PAYLOAD = 200
members: set["Member"] = set()


class Member(WebSocketHandler):
    def check_origin(self, origin: str) -> bool:
        return True

    def open(self) -> None:
        self.set_nodelay(True)
        members.add(self)

    def on_message(self, message: str | bytes) -> None:
        text = message if isinstance(message, str) else message.decode()
        for member in list(members):
            member.write_message(text.ljust(PAYLOAD))

    def on_close(self) -> None:
        members.discard(self)


async def main() -> None:
    server = HTTPServer(Application([(r"/.*", Member)]))
    server.add_sockets(bind_sockets(int(sys.argv[1]), "127.0.0.1", backlog=4096))
    await asyncio.Event().wait()


asyncio.run(main())
