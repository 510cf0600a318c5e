"""Serving until told to stop: binding the port, saying where to go, and leaving without a loss."""

import asyncio
import logging
import random
import signal
import socket

import segno
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from roomd.address import EVERYWHERE, lan_address
from roomd.app import lifespan, make_app
from roomd.domain.refusals import Unavailable
from roomd.handlers.wire import CLOSE_RESTART
from roomd.services import Services
from roomd.settings import Settings
from roomd.store.migrate import MigrationError

#: Connections that may wait to be accepted: a room's worth of people coming back at once.
BACKLOG = 4_096
#: Seconds an HTTP connection may be idle, and its body may take: nobody holds a place by dripping bytes.
IDLE_S = 95
BODY_S = 30
MAX_BODY = 2 << 20
#: Seconds over which clients are asked to spread their coming back, and that open requests get to finish. A WebSocket
#: whose client does not answer the closing is dropped after 5.
SPREAD_S = 3.0
FINISH_S = 6.0

log = logging.getLogger(__name__)


class ServeError(RuntimeError):
    """The server cannot start; the message says what to do."""


async def serve(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT; the exit code. Raises ServeError, EmbeddedError or SettingsError."""
    stop = asyncio.Event()
    lost: list[str] = []

    def on_lost(message: str) -> None:
        lost.append(message)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    sockets = _bind(settings)
    try:
        async with lifespan(settings, on_lost) as services:
            server = HTTPServer(
                make_app(services),
                idle_connection_timeout=IDLE_S,
                body_timeout=BODY_S,
                max_body_size=MAX_BODY,
                max_header_size=16 * 1024,
            )
            server.add_sockets(sockets)
            _announce(settings, sockets[0].getsockname()[1])
            await stop.wait()
            await _drain(server, services)
    except (MigrationError, Unavailable) as fault:
        raise ServeError(f"cannot start: {fault}") from None
    finally:
        for bound in sockets:
            bound.close()
    for message in lost:
        log.error("stopped: %s", message)
    return 1 if lost else 0


def _bind(settings: Settings) -> list[socket.socket]:
    try:
        return bind_sockets(settings.port, settings.host, backlog=BACKLOG)
    except OSError as fault:
        raise ServeError(
            f"cannot listen on {settings.host}:{settings.port} ({fault.strerror or fault}); "
            "another program may be using it: set PORT to a free one"
        ) from None


async def _drain(server: HTTPServer, services: Services) -> None:
    """Take nobody new, and ask everybody to come back, spread out so that they do not all come at once."""
    server.stop()
    for each in services.hub.sockets():
        wait_ms = random.randrange(int(SPREAD_S * 1_000))  # noqa: S311 - only spreads load
        each.shut(CLOSE_RESTART, str(wait_ms))
    try:
        async with asyncio.timeout(FINISH_S):
            await asyncio.gather(server.close_all_connections(), _gone(services))
    except TimeoutError:
        log.info("some requests were not finished in time")


async def _gone(services: Services) -> None:
    """Wait for clients to close their side: rooms then know that they went, and need not find out later."""
    while services.hub.sockets():  # noqa: ASYNC110 - asked 50 times at most, once in a server's life
        await asyncio.sleep(FINISH_S / 50)


def _announce(settings: Settings, port: int) -> None:
    """Where to go: on this machine, and from the others in the house."""
    lines = [f"roomd is ready:  http://localhost:{port}"]
    address = lan_address() if settings.host in EVERYWHERE else None
    link = settings.public_url or (f"http://{address}:{port}" if address else None)
    if link:
        lines.append(f"for your guests: {link}")
    print("\n" + "\n".join(lines), flush=True)  # noqa: T201 - the one thing a person is to read
    if link and not settings.production:
        print(_qr(link), flush=True)  # noqa: T201


def _qr(link: str) -> str:
    """The link as a QR code out of half blocks, light on dark as terminals are."""
    rows = [[bool(cell) for cell in row] for row in segno.make(link, error="l", micro=False).matrix_iter(border=2)]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    shades = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join("".join(shades[cell] for cell in zip(upper, lower, strict=True)) for upper, lower in pairs)
