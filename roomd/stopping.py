"""When a server ends, and that it does."""

import asyncio
import logging
import os
import signal
import sys
import threading
from typing import NamedTuple

SIGNALS = (signal.SIGTERM, signal.SIGINT)

log = logging.getLogger(__name__)


class Limits(NamedTuple):
    """Seconds after which what is left to do is broken off, and after which the process ends whatever hangs."""

    stop_s: float
    hard_s: float


#: A server by itself, or the one process that has started others; both end their stores in that time.
LIMITS = Limits(9.0, 9.8)
#: One of several processes: what has started it comes after it, and has stores to end (0.1 s on an idle machine).
AMONG_OTHERS = Limits(8.0, 8.6)


def hear(stop: asyncio.Event) -> None:
    """Have SIGTERM and SIGINT set it, and SIGHUP where that means that our terminal was closed."""
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, stop.set if sys.stderr.isatty() else _stay)


def _stay() -> None:
    """Some ask by it to read the settings again. Those are read once, and processes agree on them."""
    log.warning("SIGHUP: nothing is read again while roomd runs; restart it to have other settings")


def hear_no_more() -> None:
    """A second SIGTERM, while the last things are put away, is not to look like a death."""
    for number in (*SIGNALS, signal.SIGHUP):
        asyncio.get_running_loop().remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)


def give_up_after(seconds: float) -> None:
    """End even if something hangs that cannot be broken off. Nothing is lost by it: what is acknowledged is stored."""

    def give_up() -> None:
        log.error("the server did not end within %.1f s, and is ended now", seconds)
        os._exit(1)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
