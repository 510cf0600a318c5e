"""Whether what is said to a store can be read on the way."""

import ipaddress

from roomd.doctor.discretion import host_of
from roomd.doctor.lines import Line, ok, warn

_CHECK = "transport"


def transport_line(group: str, variable: str, url: str, *, tls: bool, fix: str) -> Line:
    if tls:
        return ok(group, _CHECK, "TLS")
    host = host_of(url)
    if _is_here(host):
        return ok(group, _CHECK, "does not leave this machine")
    found = f"{host} is another machine, and the connection of {variable} is not encrypted"
    return warn(group, _CHECK, found, f"{fix} Where the network between is private, leave it.")


def _is_here(host: str) -> bool:
    """A socket has no host."""
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
