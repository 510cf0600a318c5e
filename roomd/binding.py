"""The port that a server listens on, and the words that say where to go."""

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import segno
from tornado.netutil import bind_sockets

from roomd.address import EVERYWHERE, lan_address
from roomd.settings import Settings

#: Connections that may wait to be accepted: a room's worth of people coming back at once.
BACKLOG = 4_096


class ServeError(RuntimeError):
    """The server cannot start; the message says what to do."""


def bind(settings: Settings, *, shared: bool = False) -> list[socket.socket]:
    """Listen. `shared`: beside others who listen on the same port, which somebody has reserved. Raises ServeError."""
    try:
        return bind_sockets(settings.port, settings.host, backlog=BACKLOG, reuse_port=shared)
    except OSError as fault:
        raise _taken(settings, fault) from None


@contextmanager
def reserved(settings: Settings) -> Iterator[int]:
    """Keep a port for processes of ours that share it, and for nobody else; its number. Raises ServeError.

    Nothing listens here, so no connection ends up here. While it is bound the socket refuses to share, so whoever has
    the port already, or wants it after us, is told so; only then it begins to share, with the same user's sockets that
    ask for it. (Linux looks at both sockets' options when the second is bound.)
    """
    if not hasattr(socket, "SO_REUSEPORT"):
        raise ServeError("this system does not let processes share a port: unset ROOMD_PROCESSES")
    with ExitStack() as stack:
        port = settings.port
        try:
            for family, address in _addresses(settings):
                held = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
                if family == socket.AF_INET6:
                    held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                # Connections that a server before us has closed do not keep us out.
                held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                held.bind((address[0], port, *address[2:]))
                held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
                held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                port = held.getsockname()[1]
        except OSError as fault:
            raise _taken(settings, fault) from None
        yield port


def _addresses(settings: Settings) -> list[tuple[socket.AddressFamily, tuple[str, ...]]]:
    """Where `bind` will listen."""
    found = socket.getaddrinfo(
        settings.host or None, settings.port, socket.AF_UNSPEC, socket.SOCK_STREAM, 0, socket.AI_PASSIVE
    )
    return [(each[0], tuple(each[4])) for each in dict.fromkeys(found)]  # type: ignore[arg-type]


def _taken(settings: Settings, fault: OSError) -> ServeError:
    return ServeError(
        f"cannot listen on {settings.host}:{settings.port} ({fault.strerror or fault}); "
        "another program may be using it: set PORT to a free one"
    )


def announce(settings: Settings, port: int) -> None:
    """Where to go: on this machine, and from the others in the house."""
    lines = [f"roomd is ready:  http://localhost:{port}"]
    address = lan_address() if settings.host in EVERYWHERE else None
    link = settings.public_url or (f"http://{address}:{port}" if address else None)
    if link:
        lines.append(f"for your guests: {link}")
    if link and not settings.production:
        lines.append(_qr(link))
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    sys.stdout.flush()


def _qr(link: str) -> str:
    """The link as a QR code out of half blocks, light on dark as terminals are."""
    rows = [[bool(cell) for cell in row] for row in segno.make(link, error="l", micro=False).matrix_iter(border=2)]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    shades = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join("".join(shades[cell] for cell in zip(upper, lower, strict=True)) for upper, lower in pairs)
