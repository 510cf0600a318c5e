"""Where an address that a music service answered leads. What it says is somebody else's text until this has looked."""

import base64

import httpx

from roomd.domain.refusals import NotFound
from roomd.domain.track import MEDIA_PATH, url_fault

#: Characters of an address that stands in a path: 384 bytes of it. Deezer's have 100.
MOST_KEY = 512


def at(url: str, base: httpx.URL) -> bool:
    """Whether it is at the very server that the operator configured."""
    found = _parse(url)
    return found is not None and (found.scheme, found.host, found.port) == (base.scheme, base.host, base.port)


def within(url: str, domain: str) -> bool:
    """Whether it is on a host of that domain, by https and its usual port."""
    found = _parse(url)
    return found is not None and _secure(found) and f".{found.host.rstrip('.')}".endswith(f".{domain}")


def anywhere(url: str) -> bool:
    """Whether it is an address on the web at all; where it leads is judged by whoever goes there."""
    return _parse(url) is not None


def picture(provider: str, url: str) -> str:
    """The path under which this server passes a provider's picture on; "" where the address is too long to be one.

    Nobody's browser is sent to a third party by a song. The address itself is the key, so that nothing has to be kept
    or asked for again to find the picture; the seal on it says that nobody made it up.
    """
    key = base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
    return f"{MEDIA_PATH}{provider}/cover/{key}" if len(key) <= MOST_KEY else ""


def pictured(key: str) -> str:
    """The address behind such a key. Raises NotFound."""
    try:
        url = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)).decode()
    except ValueError:
        url = ""
    if not anywhere(url):
        raise NotFound("There is no such picture.", "no_such_cover")
    return url


def _secure(url: httpx.URL) -> bool:
    return url.scheme == "https" and url.port is None


def _parse(url: str) -> httpx.URL | None:
    if not url or url_fault(url) or url.startswith("/"):
        return None
    try:
        return httpx.URL(url)
    except httpx.InvalidURL:
        return None
