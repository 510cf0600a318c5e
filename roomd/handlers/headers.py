"""What every answer says beside what it is about: how browsers are to treat it, and which other sites may read it.

A handler that knows better sets the header itself; what it did not set is added here.
"""

from collections.abc import Iterator
from functools import lru_cache

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

from roomd.services import Services

#: What no page of ours uses; players of other sites in frames get none of it either.
_UNUSED = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
#: Of every answer. The default policy is for what is no page: scripts and sheets are loaded by pages, whose own counts.
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in _UNUSED),
}
#: A year, where the answer came over TLS. Subdomains and lists of browsers are for the operator to decide.
STRICT = "max-age=31536000"
#: What pages of sites in ALLOWED_ORIGINS may call, send and read. No credentials: whoever asks sends a token.
_OPEN_PATHS = ("/api/", "/rooms/api/")
_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_SENT = "Authorization, Content-Type, Idempotency-Key, X-Request-ID"
_READ = "Content-Disposition, Location, Retry-After, Roomd-Level, WWW-Authenticate, X-Request-ID"
PREFLIGHT_S = 600


class Guarded(OutputTransform):
    """What Tornado asks before it sends a handler's answer. Made for each request: see `guarding`."""

    def __init__(self, services: Services, request: HTTPServerRequest) -> None:
        self._services = services
        self._request = request

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        # Which version of Tornado this is helps nobody but those who look for its holes.
        headers.pop("Server", None)
        for name, value in always(self._services, self._request):
            if name not in headers:
                headers[name] = value
        if "Access-Control-Allow-Origin" not in headers:
            headers.update(shared(self._services, self._request))
            if self._services.settings.allowed_origins and self._request.path.startswith(_OPEN_PATHS):
                headers.add("Vary", "Origin")
        return status_code, headers, chunk


def guarding(services: Services) -> type[OutputTransform]:
    """For the application: it makes one for each request."""

    class Guarding(Guarded):
        def __init__(self, request: HTTPServerRequest) -> None:
            super().__init__(services, request)

    return Guarding


def always(services: Services, request: HTTPServerRequest) -> Iterator[tuple[str, str]]:
    """The headers of every answer to this request."""
    yield from SAFE.items()
    if services.is_secure(request):
        yield "Strict-Transport-Security", STRICT


def shared(services: Services, request: HTTPServerRequest) -> dict[str, str]:
    """What lets the page that asks read the answer, where it is of a site that the operator named."""
    origin = request.headers.get("Origin", "")
    if origin not in services.settings.allowed_origins or not request.path.startswith(_OPEN_PATHS):
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": _READ,
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def preflight(services: Services, request: HTTPServerRequest) -> dict[str, str]:
    """The answer to a browser that asks whether such a page may call; empty where it does not ask, or may not."""
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
        return {}
    if not shared(services, request):
        return {}
    return {
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": _SENT,
        "Access-Control-Max-Age": str(PREFLIGHT_S),
    }


@lru_cache(maxsize=2)
def plain(secure: bool, but: frozenset[str] = frozenset()) -> str:
    """The headers of every answer as lines, for those who write their own; `but` those that they have."""
    lines = [*SAFE.items(), *([("Strict-Transport-Security", STRICT)] if secure else [])]
    return "".join(f"{name}: {value}\r\n" for name, value in lines if name not in but)
