"""What is noted of every answer over HTTP: a line in the log, and how long it took; and what its request is called."""

import logging
import random
import re
from http import HTTPStatus
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import Application

from roomd.metrics import Metrics
from roomd.tracing import REQUEST

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

#: What collectors and balancers ask every few seconds; where it goes well nobody wants to read of it.
_REGULAR = ("/metrics", "/api/health")

_access_log = logging.getLogger("roomd.access")
_LINE = "%(method)s %(path)s %(status)d %(ms).1f ms"


def note(metrics: Metrics | None, method: str | None, path: str, status: int, seconds: float) -> None:
    """The query stays out of it: it may hold a token."""
    if metrics is not None:
        metrics.requests.add(seconds, str(status))
    level = logging.DEBUG if status == HTTPStatus.OK and path.startswith(_REGULAR) else logging.INFO
    if _access_log.isEnabledFor(level):
        said = {"method": method, "path": path, "status": status, "ms": round(1_000 * seconds, 1)}
        # As `log` does, which first looks for whoever called it: a quarter of what the line costs.
        record = _access_log.makeRecord(_access_log.name, level, __file__, 0, _LINE, (said,), None, extra=said)
        _access_log.handle(record)


def request_id(sent: str) -> str:
    """What a request is called by: as the client does, where that can be written down. It need not be a secret."""
    return sent if sent and _SANE_ID.fullmatch(sent) else f"{random.getrandbits(64):016x}"


class Site(Application):
    """Each request has its id from the beginning: what is logged belongs to it, and not to the one before it on the
    same connection.
    """

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:  # noqa: ANN401 - as in Tornado
        called = request.headers["X-Request-ID"] = request_id(request.headers.get("X-Request-ID", ""))
        REQUEST.set(called)
        return super().find_handler(request, **kwargs)
