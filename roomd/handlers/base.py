"""What every JSON handler has: typed bodies in, JSON out, who asks, and one form for whatever goes wrong."""

import http.client
import logging
from collections.abc import Mapping
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, ClassVar, NoReturn, TypeVar

import msgspec
from msgspec import Struct
from tornado.web import HTTPError, RequestHandler

from roomd.domain.actor import Actor
from roomd.domain.refusals import (
    Conflict,
    Forbidden,
    Invalid,
    Limited,
    NotFound,
    Refusal,
    Unauthenticated,
    Unavailable,
)
from roomd.handlers.bodies import decode_body
from roomd.handlers.bounded import Bounded
from roomd.handlers.headers import preflight
from roomd.handlers.told import note, request_id
from roomd.limiting import Who
from roomd.limits import NAMED
from roomd.openapi.operation import Operation

if TYPE_CHECKING:
    from roomd.services import Services

M = TypeVar("M", bound=Struct)

_log = logging.getLogger("roomd.handlers")
#: When a part that is down should be asked again: the database's pool is back 0.3 s after the database.
RETRY_S = 2
_STATUS: Mapping[type[Refusal], int] = {
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Limited: 429,
    Unavailable: 503,
}
#: What every answer of the API says beside what all do (`headers.py`).
ALWAYS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
JSON = "application/json; charset=utf-8"
_STATUS_OF_CODE = {"unsupported_media_type": 415, "not_a_picture": 415, "too_large": 413}


class ApiHandler(Bounded):
    """A handler raises a Refusal wherever it will not go on; the right status and JSON follow from that."""

    #: What each method (in small letters) takes and answers, as `@operation` declares it.
    operations: ClassVar["Mapping[str, Operation]"] = MappingProxyType({})
    #: A method, and what requests of it are counted as (`roomd/limits.py`). Other changes count as commands, looks not.
    counted: tuple[str, str] | tuple[()] = ()
    _admitted = False

    def initialize(self, services: "Services") -> None:
        self.services = services

    def prepare(self) -> None:
        if told := preflight(self.services, self.request):
            for name, value in told.items():
                self.set_header(name, value)
            self.set_status(204)
            self.finish()
            return
        super().prepare()

    async def admit(self) -> None:
        """Count this request, once. Raises Limited where its address or its user asks too often."""
        name = counted_as(type(self), self.request.method or "")
        if name is None or self._admitted:
            return
        self._admitted = True
        by_user = any(limit.per == "user" for limit in NAMED[name])
        actor = await self.actor_or_none() if by_user else None
        await self.services.limiter.use(name, Who(self.client_address(), actor.id if actor else ""))

    def body(self, model: type[M]) -> M:
        """The request's JSON object or form as a `model`. Raises Invalid, naming the fields."""
        return decode_body(self.request.headers.get("Content-Type", ""), self.request.body, model)

    async def actor(self) -> Actor:
        """Who asks. Raises Unauthenticated when nobody says so."""
        actor = await self.actor_or_none()
        if actor is None:
            raise Unauthenticated("this needs an access token: `Authorization: Bearer …`")
        return actor

    async def actor_or_none(self) -> Actor | None:
        """Who asks, where anybody may. A token that is no good is refused all the same: its holder believes in it."""
        sent = self.request.headers.get("Authorization")
        if sent is None:
            return None
        scheme, _, token = sent.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("the only kind of authorization here is `Bearer`")
        return await self.services.accounts.authenticate(token.strip())

    def answer(self, value: object, status: int = 200) -> None:
        self.set_status(status)
        self.set_header("Content-Type", JSON)
        self.write(msgspec.json.encode(value))

    def client_address(self) -> str:
        """The address that limits are counted by."""
        return self.services.address_of(self.request)

    @property
    def request_id(self) -> str:
        return self.request.headers["X-Request-ID"]

    def set_default_headers(self) -> None:
        self.request.headers["X-Request-ID"] = request_id(self.request.headers.get("X-Request-ID", ""))
        self.clear_header("Server")
        self.set_header("X-Request-ID", self.request_id)
        for name, value in ALWAYS.items():
            self.set_header(name, value)

    def compute_etag(self) -> None:
        """None: answers are not stored, so nobody can ask whether one changed."""

    def write_error(self, status_code: int, **kwargs: object) -> None:
        match kwargs.get("exc_info"):
            case (_, Refusal() as refusal, _):
                self._answer_refusal(refusal)
            case _:
                self._answer_fault(status_code)

    def _answer_fault(self, status_code: int) -> None:
        code = http.client.responses.get(status_code, "error").lower().replace(" ", "_").replace("-", "_")
        message = http.client.responses.get(status_code, "Error")
        if status_code == 404:
            code, message = "not_found", "there is nothing at this address"
        elif status_code == 405:
            allowed = self._allowed_methods()
            self.set_header("Allow", ", ".join(allowed))
            message = f"this address takes {' or '.join(allowed) or 'no requests'}"
        elif status_code >= 500:
            self.answer(internal_error(self.request_id), status_code)
            return
        self.answer(error_body(code, message), status_code)

    def log_exception(
        self, typ: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Refusals are answers, and the access log has them. Tornado's own line would show the query's token."""
        if not isinstance(value, Refusal | HTTPError):
            path = self.request.path
            _log.error("request %s: %s %s failed", self.request_id, self.request.method, path, exc_info=value)

    def _answer_refusal(self, refusal: Refusal) -> None:
        if isinstance(refusal, Limited) and (metrics := self.application.settings.get("metrics")):
            metrics.limited.add(refusal.code)
        for name, value in headers_of(refusal).items():
            self.set_header(name, value)
        self.answer(refused_body(refusal), status_of(refusal))

    def _allowed_methods(self) -> list[str]:
        refusing = RequestHandler._unimplemented_method
        return [name for name in self.SUPPORTED_METHODS if getattr(type(self), name.lower(), refusing) is not refusing]


class NotFoundHandler(ApiHandler):
    """For every path that nothing else answers."""

    def prepare(self) -> NoReturn:
        raise NotFound("there is nothing at this address")


def counted_as(handler: type[ApiHandler], method: str) -> str | None:
    """The name of the limits that such a request counts for."""
    if handler.counted and handler.counted[0] == method:
        return handler.counted[1]
    return None if method in {"GET", "HEAD", "OPTIONS"} else "command"


def status_of(refusal: Refusal) -> int:
    """The HTTP status that says the same."""
    if refusal.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[refusal.code]
    return next((status for kind, status in _STATUS.items() if isinstance(refusal, kind)), 400)


def headers_of(refusal: Refusal) -> dict[str, str]:
    """What such an answer says beside its status."""
    if isinstance(refusal, Unauthenticated):
        told = ', error="invalid_token"' if refusal.code.startswith("token_") else ""
        return {"WWW-Authenticate": f'Bearer realm="roomd"{told}'}
    if isinstance(refusal, Limited):
        return {"Retry-After": str(max(1, -int(-refusal.retry_after_s // 1)))}
    return {"Retry-After": str(RETRY_S)} if isinstance(refusal, Unavailable) else {}


def internal_error(called: str) -> dict[str, object]:
    return error_body("internal", f"something went wrong here; the request's id is {called}")


def log_request(handler: RequestHandler) -> None:
    """The application's `log_function`."""
    request, metrics = handler.request, handler.application.settings.get("metrics")
    note(metrics, request.method, request.path, handler.get_status(), request.request_time())


def refused_body(refusal: Refusal) -> dict[str, object]:
    return error_body(refusal.code, refusal.message, fields=refusal.fields, params=refusal.params)


def error_body(code: str, message: str, **more: Mapping[str, object]) -> dict[str, object]:
    """`error` for roomd's own readers; `message` and `detail` for those who expect one string."""
    error: dict[str, object] = {"code": code, "message": message}
    error |= {name: given for name, given in more.items() if given}
    return {"error": error, "message": message, "detail": message}
