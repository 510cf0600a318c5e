"""Where an address that a music service answered leads. What it says is somebody else's text until this has looked."""

import httpx

from roomd.catalogue import addresses
from roomd.domain.track import url_fault

#: Names that mean something only inside a network.
_INSIDE = frozenset({"local", "localhost", "internal", "lan", "home", "intranet", "corp", "arpa"})


def at(url: str, base: httpx.URL) -> bool:
    """Whether it is at the very server that the operator configured."""
    found = _parse(url)
    return found is not None and (found.scheme, found.host, found.port) == (base.scheme, base.host, base.port)


def within(url: str, domain: str) -> bool:
    """Whether it is on a host of that domain, by https and its usual port."""
    found = _parse(url)
    return found is not None and _secure(found) and f".{found.host.rstrip('.')}".endswith(f".{domain}")


def outside(url: str) -> bool:
    """Whether a browser may be given it as a picture: by https, and by its look not inside anybody's network."""
    found = _parse(url)
    if found is None or not _secure(found):
        return False
    try:
        return addresses.is_public(addresses.parse(found.host))
    except ValueError:
        labels = found.host.lower().rstrip(".").split(".")
        return len(labels) > 1 and labels[-1] not in _INSIDE and not labels[-1].isdecimal()


def _secure(url: httpx.URL) -> bool:
    return url.scheme == "https" and url.port is None


def _parse(url: str) -> httpx.URL | None:
    if not url or url_fault(url) or url.startswith("/"):
        return None
    try:
        return httpx.URL(url)
    except httpx.InvalidURL:
        return None
