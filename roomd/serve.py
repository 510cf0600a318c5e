"""Serving until told to stop: binding the port, saying where to go, and leaving without a loss."""

import asyncio
import gc
import logging
import os
import resource
import signal
import socket
import threading
from contextlib import suppress

import segno
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from roomd.address import EVERYWHERE, lan_address
from roomd.app import lifespan, make_app
from roomd.domain.refusals import Unavailable
from roomd.handlers.oversize import Server
from roomd.services import Services
from roomd.settings import Settings
from roomd.store.migrate import MigrationError

#: Connections that may wait to be accepted: a room's worth of people coming back at once.
BACKLOG = 4_096
#: Seconds an HTTP connection may be idle, and its body may take: nobody holds a place by dripping bytes.
IDLE_S = 95
BODY_S = 30
MAX_BODY = 2 << 20
SIGNALS = (signal.SIGTERM, signal.SIGINT)
#: Seconds in which everything ends: what was taken is answered, rooms are told, requests end, what is left is archived.
ROOMS_S = 1.5
CONNECTIONS_S = 0.5
STOP_S = 9.0
HARD_S = 9.8

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
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    _allow_files()
    sockets = _bind(settings)
    ending = asyncio.Timeout(None)
    try:
        async with ending, lifespan(settings, on_lost) as services:
            server = _server(services)
            server.add_sockets(sockets)
            spare_what_stays()
            _announce(settings, sockets[0].getsockname()[1])
            await stop.wait()
            ending.reschedule(loop.time() + STOP_S)
            _give_up_after(HARD_S)
            await _drain(server, services)
    except TimeoutError:
        if not ending.expired():
            raise
        log.warning("what was left to do took too long; other servers, or the next start, will do it")
    except (MigrationError, Unavailable) as fault:
        raise ServeError(f"cannot start: {fault}") from None
    finally:
        for bound in sockets:
            bound.close()
        _hear_no_more()
    for message in lost:
        log.error("stopped: %s", message)
    return 1 if lost else 0


def _server(services: Services) -> HTTPServer:
    return Server(
        make_app(services),
        idle_connection_timeout=IDLE_S,
        body_timeout=BODY_S,
        max_body_size=MAX_BODY,
        max_header_size=16 * 1024,
    )


def spare_what_stays() -> None:
    """Have Python's collector pass over what there is by now: some 90,000 objects, of modules above all, that stay.

    Otherwise it looks at each of them again whenever it looks at everything, and all rooms wait: for 65 to 83 ms, and
    so for 18 to 27 ms (measured by scripts/bench_catalogue.py on two cores).
    """
    gc.collect()
    gc.freeze()


def _allow_files() -> None:
    """As many open connections as the system lets us have; the usual 1,024 are soon used up."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _give_up_after(seconds: float) -> None:
    """End even if something hangs that cannot be broken off. Nothing is lost by it: what is acknowledged is stored."""

    def give_up() -> None:
        log.error("the server did not end within %.1f s, and is ended now", seconds)
        os._exit(1)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()


def _hear_no_more() -> None:
    """A second SIGTERM, while the last things are put away, is not to look like a death."""
    for number in SIGNALS:
        asyncio.get_running_loop().remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)


def _bind(settings: Settings) -> list[socket.socket]:
    try:
        return bind_sockets(settings.port, settings.host, backlog=BACKLOG)
    except OSError as fault:
        raise ServeError(
            f"cannot listen on {settings.host}:{settings.port} ({fault.strerror or fault}); "
            "another program may be using it: set PORT to a free one"
        ) from None


async def _drain(server: HTTPServer, services: Services) -> None:
    """Send everybody away. Until then connections are taken, so that whoever asks hears that this server ends."""
    services.presence.leave()
    await services.drain.send_away()
    await services.presence.left(ROOMS_S)
    server.stop()
    with suppress(TimeoutError):
        async with asyncio.timeout(CONNECTIONS_S):
            await server.close_all_connections()


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
