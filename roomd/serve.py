"""Serving until told to stop: taking connections once all is there, and leaving without a loss."""

import asyncio
import gc
import logging
import resource
import socket
from collections.abc import Callable
from contextlib import suppress

from tornado.httpserver import HTTPServer

from roomd.app import lifespan, make_app
from roomd.binding import ServeError, announce, bind
from roomd.domain.refusals import Unavailable
from roomd.embedded import Stores
from roomd.handlers.reception import Reception
from roomd.neighbours import Neighbours
from roomd.services import Services
from roomd.settings import Settings
from roomd.stopping import LIMITS, Limits, give_up_after, hear, hear_no_more
from roomd.store.faults import MigrationError

#: Seconds an HTTP connection may be idle, and its body may take: nobody holds a place by dripping bytes.
IDLE_S = 95
BODY_S = 30
MAX_BODY = 2 << 20
#: New objects after which Python's collector looks at them; its default is 700.
YOUNG = 10_000
#: Seconds in which rooms are told, and requests end.
ROOMS_S = 1.5
CONNECTIONS_S = 0.5

log = logging.getLogger(__name__)


async def serve(settings: Settings) -> int:
    """Serve alone until SIGTERM or SIGINT; the exit code. Raises ServeError, EmbeddedError or SettingsError."""
    return await run(settings, lambda: bind(settings), lambda port: announce(settings, port))


async def run(
    settings: Settings,
    listen: Callable[[], list[socket.socket]],
    ready: Callable[[int], object],
    *,
    limits: Limits = LIMITS,
    urls: Stores | None = None,
    neighbours: Neighbours | None = None,
) -> int:
    """As `serve`; `ready` is called with the port once all is. What others run for this process is handed in."""
    stop = asyncio.Event()
    lost: list[str] = []

    def on_lost(message: str) -> None:
        lost.append(message)
        stop.set()

    loop = asyncio.get_running_loop()
    hear(stop)
    _allow_files()
    sockets = listen()
    ending = asyncio.Timeout(None)
    try:
        async with ending, lifespan(settings, on_lost, urls=urls, neighbours=neighbours) as services:
            server = _server(services)
            server.add_sockets(sockets)
            spare_what_stays()
            ready(sockets[0].getsockname()[1])
            await stop.wait()
            ending.reschedule(loop.time() + limits.stop_s)
            give_up_after(limits.hard_s)
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
        hear_no_more()
    for message in lost:
        log.error("stopped: %s", message)
    return 1 if lost else 0


def _server(services: Services) -> HTTPServer:
    return Reception(
        make_app(services),
        idle_connection_timeout=IDLE_S,
        body_timeout=BODY_S,
        max_body_size=MAX_BODY,
        max_header_size=16 * 1024,
    )


def spare_what_stays() -> None:
    """Have Python's collector pass over what there is by now: some 90,000 objects, of modules above all, that stay.

    Otherwise it looks at each of them again whenever it looks at everything, and all rooms wait: for 65 to 83 ms, and
    so for 18 to 27 ms (measured by scripts/bench_catalogue.py on two cores). And it looks more rarely at what is new:
    that was 12 % of what a storm of people costs, most of it looking at tasks under way again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])


def _allow_files() -> None:
    """As many open connections as the system lets us have; the usual 1,024 are soon used up."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _drain(server: HTTPServer, services: Services) -> None:
    """Send everybody away. Until then connections are taken, so that whoever asks hears that this server ends."""
    services.presence.leave()
    await services.drain.send_away()
    await services.presence.left(ROOMS_S)
    server.stop()
    with suppress(TimeoutError):
        async with asyncio.timeout(CONNECTIONS_S):
            await server.close_all_connections()
