"""The pages: the first state is rendered here, the rest is the page's own JavaScript."""

import gzip
import logging
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import jinja2
import segno
from tornado.web import HTTPError, StaticFileHandler

from roomd.address import EVERYWHERE, lan_address
from roomd.dialects.room_object import room_card, song
from roomd.domain.entries import ordered
from roomd.domain.refusals import NotFound, Refusal
from roomd.domain.room import Room
from roomd.handlers.base import RETRY_S, headers_of, status_of
from roomd.handlers.bounded import Bounded
from roomd.handlers.counting import find_room
from roomd.handlers.headers import SAFE
from roomd.handlers.packed import INLINED, address, inlined
from roomd.handlers.words import COOKIE, Words, wanted, words_of
from roomd.services import Services

#: What a page may load and talk to: itself, and the media that people put into queues.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: https: http:",
        "media-src 'self' blob: https: http:",
        # YouTube's player, once somebody agreed to it; spoken to by messages, so that no script of its runs here.
        "frame-src https://www.youtube-nocookie.com",
        "connect-src 'self' ws: wss:",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
ROOMS_SHOWN = 12

log = logging.getLogger(__name__)


class Page(Bounded):
    def initialize(self, services: Services, templates: jinja2.Environment) -> None:
        self.services = services
        self.templates = templates

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("X-Frame-Options", "DENY")
        # A room's address holds its code, which is nobody else's business.
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")

    def show(self, template: str, status: int = 200, **values: object) -> None:
        self.set_status(status)
        root = Path(self.settings["static_path"])
        self.set_header("Content-Security-Policy", content_policy(self.services.settings.cdn_url, root))
        words = self.words()
        given = {"static": self.static_url, "packed": self.packed, "inline": self.inline, "base_url": base_url(self)}
        given |= {"t": words.t, "tn": words.tn, "words": words}
        self._send(self.templates.get_template(template).render(**given, **values).encode())

    def _send(self, page: bytes) -> None:
        """Compressed where the browser can: a room's 85 KB, its style sheet with them, are 21 then, for 3 ms."""
        self.set_header("Vary", "Accept-Encoding, Accept-Language, Cookie")
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            page = gzip.compress(page, 6, mtime=0)
        self.finish(page)

    def words(self) -> Words:
        """Of the language that the reader chose, or else their browser asks for."""
        language = wanted(self.request.headers.get("Accept-Language", ""), self.get_cookie(COOKIE))
        return words_of(Path(self.settings["static_path"]).parent / "words", language)

    def inline(self, name: str) -> str:
        return inlined(Path(self.settings["static_path"]), name).text

    def packed(self, name: str) -> str:
        page, kind = name.split(".")
        language = self.words().language
        localised = f"{page}.{language}.js" if kind == "js" and language != "en" else name
        return address(Path(self.settings["static_path"]), localised)

    def write_error(self, status_code: int, **kwargs: object) -> None:
        match kwargs.get("exc_info"):
            case (_, Refusal() as refusal, _):
                status, message, code = status_of(refusal), refusal.message, refusal.code
                for name, value in headers_of(refusal).items():
                    self.set_header(name, value)
            case _:
                status, message, code = status_code, "", ""
        if status == 503:
            self.set_header("Retry-After", str(RETRY_S))
        usual = "" if status == 404 or status >= 500 else self._reason
        self.show("error.html", status, message=message or usual, code=code, number=status)

    def log_exception(
        self, typ: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        if not isinstance(value, Refusal | HTTPError):
            log.error("page %s failed", self.request.path, exc_info=value)


class HomePage(Page):
    def set_default_headers(self) -> None:
        super().set_default_headers()
        # Here a phone reads a room's QR code.
        self.set_header("Permissions-Policy", SAFE["Permissions-Policy"].replace("camera=()", "camera=(self)"))

    async def get(self) -> None:
        rooms = await self.services.engine.public_rooms(ROOMS_SHOWN)
        now = self.services.clock.now()
        # On an address that only this machine has, nobody else is invited.
        reachable = urlsplit(base_url(self)).hostname not in {"localhost", "127.0.0.1", "::1"}
        # Those where somebody is come first; otherwise the last used.
        cards = sorted((room_card(room, now) for room in rooms), key=lambda card: not card["online_count"])
        self.show("home.html", rooms=cards, reachable=reachable)

    head = get


class RoomPage(Page):
    async def get(self, ref: str) -> None:
        services = self.services
        room = await services.engine.room(await find_room(services, ref, None, services.address_of(self.request)))
        if ref != room.code:
            self.redirect(f"/r/{room.code}")
            return
        link = f"{base_url(self)}/r/{room.code}"
        shown = _first_state(room, self.services.clock.now()) if room.settings.visibility == "public" else None
        entry = room.settings.entry_mode
        previews = self.services.settings.link_previews
        self.show("room.html", room=shown, code=room.code, qr_svg=_qr(link), entry_mode=entry, previews=previews)

    head = get

    def write_error(self, status_code: int, **kwargs: object) -> None:
        match kwargs.get("exc_info"):
            case (_, NotFound(), _):
                self.show("error.html", 404, number=404, no_room=True)
            case _:
                super().write_error(status_code, **kwargs)


class MissingPage(Page):
    def prepare(self) -> None:
        raise NotFound("")


class Static(StaticFileHandler):
    """Files asked for by their version may be kept for ever; modules that import each other are checked each time."""

    @classmethod
    def get_version(cls, settings: dict[str, Any], path: str) -> str | None:
        """The first 12 digits of what would be 128: enough to tell two versions of a file apart."""
        version = super().get_version(settings, path)
        return version and version[:12]

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        # No file is called so, and the system raises where it is asked for one.
        if "\0" in absolute_path:
            raise HTTPError(404)
        return super().validate_absolute_path(root, absolute_path)

    def set_extra_headers(self, path: str) -> None:
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        # While servers are exchanged, a new page may ask an old server; its answer must not be kept as the new file.
        if self.get_query_argument("v", "") != self.get_version(self.settings, path):
            self.set_header("Cache-Control", "no-cache")
            self.clear_header("Expires")


@lru_cache(maxsize=8)
def content_policy(cdn: str | None, root: Path) -> str:
    """With what stands in pages themselves, by its digests. Music is fetched to be decoded, and with a content delivery
    network that is where it comes from.
    """
    policy = CONTENT_SECURITY_POLICY
    for name in INLINED:
        kind = "style-src 'self'" if name.endswith(".css") else "script-src 'self'"
        policy = policy.replace(kind, f"{kind} {inlined(root, name).source}")
    if cdn is None:
        return policy
    parts = urlsplit(cdn)
    return policy.replace("connect-src 'self'", f"connect-src 'self' {parts.scheme}://{parts.netloc}")


def base_url(handler: Bounded) -> str:
    """How this server is reached from outside, without a slash at the end.

    A host who opened the page as localhost shares the machine's address on the network: their guests are elsewhere.
    """
    settings = handler.services.settings
    if settings.public_url:
        return settings.public_url.rstrip("/")
    https = handler.services.is_secure(handler.request)
    name, colon, port = handler.request.host.partition(":")
    if name in {"localhost", "127.0.0.1"} and settings.host in EVERYWHERE:
        name = lan_address() or name
    return f"{'https' if https else 'http'}://{name}{colon}{port}"


@lru_cache(maxsize=4_096)
def _qr(link: str) -> str:
    """Drawing one takes 8 ms, in which nobody else is served; a room's is drawn once."""
    return segno.make(link, error="m").svg_inline(scale=6, border=2, dark="#000", light="#fff", omitsize=True)


def _first_state(room: Room, now: float) -> dict[str, object]:
    queue = [song(room.entries[key]) for key in ordered(room)[:50]]
    return room_card(room, now) | {"queue": queue}


ROUTES: list[tuple[str, type[Page]]] = [
    (r"/", HomePage),
    (r"/r/([^/]{1,64})/?", RoomPage),
]
