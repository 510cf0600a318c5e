"""The composition root: what the server is made of, started in order, stopped in reverse; and its table of routes."""

import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from tornado.routing import Rule
from tornado.web import Application

from roomd import accounts
from roomd.catalogue.fetch import Fetcher
from roomd.catalogue.local import LocalFolder
from roomd.catalogue.oembed import OEmbed
from roomd.catalogue.pieces import Pieces
from roomd.catalogue.resolve import Resolver, Tracks
from roomd.catalogue.subtitles import Subtitles
from roomd.clock import Clock
from roomd.core import Core
from roomd.domain.ids import RoomId
from roomd.doorkeeper import Doorkeeper
from roomd.embedded import stores
from roomd.handlers import accounts as account_handlers
from roomd.handlers import catalogue as catalogue_handlers
from roomd.handlers import (
    charts,
    collab,
    favourites,
    live,
    misc,
    moderation,
    musicroom,
    outlet,
    pages,
    personal,
    playing,
    playlist_files,
    playlists,
    recommendations,
    rooms,
    sound,
    stream,
    streamit,
    sync,
    syncplay,
    uploads,
    wire,
)
from roomd.handlers import subtitles as subtitles_handlers
from roomd.handlers.base import NotFoundHandler, log_request
from roomd.handlers.media import media_routes
from roomd.health import Health
from roomd.hub import Hub
from roomd.library import open_library
from roomd.listing import Listing
from roomd.passwords import Passwords
from roomd.presence import Presence
from roomd.services import Services
from roomd.settings import Settings, SettingsError
from roomd.sound import find_kit
from roomd.sound.workshop import Workshop
from roomd.store import migrate, postgres
from roomd.store import redis as redis_store
from roomd.store.attempts import Attempts
from roomd.store.bell import Bell
from roomd.store.capabilities import Capabilities
from roomd.store.life import Life
from roomd.store.shelf import Shelf
from roomd.telemetry import Telemetry, open_telemetry
from roomd.upkeep import Upkeep

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.getLogger(__name__)

API_ROUTES = (
    *account_handlers.ROUTES,
    *catalogue_handlers.ROUTES,
    *charts.ROUTES,
    *collab.ROUTES,
    *favourites.ROUTES,
    *misc.ROUTES,
    *moderation.ROUTES,
    *musicroom.ROUTES,
    *personal.ROUTES,
    *playing.ROUTES,
    *playlist_files.ROUTES,
    *playlists.ROUTES,
    *recommendations.ROUTES,
    *rooms.ROUTES,
    *sound.ROUTES,
    *stream.ROUTES,
    *sync.ROUTES,
    *syncplay.ROUTES,
    *uploads.ROUTES,
)


@asynccontextmanager
async def lifespan(
    settings: Settings, on_lost: Callable[[str], None], clock: Clock | None = None
) -> AsyncIterator[Services]:
    """Everything a server needs, running. `on_lost` is called when a store of our own keeps dying."""
    async with AsyncExitStack() as stack:
        clock, life = clock or Clock(), Life()
        redis, pool = await _connected(settings, on_lost, life, stack)
        core, secret = Core.build(redis, pool, life, clock), await _secret(settings)
        telemetry = await open_telemetry(redis, clock, core.holdings.process, stack)
        hub, presence, bell = _hub(core, redis, clock, telemetry)
        passwords, keys = _passwords(stack), [secret, *settings.secret_key_previous]
        signing = accounts.make_accounts(pool=pool, redis=redis, keys=keys, passwords=passwords, clock=clock)
        subtitles, folder = Subtitles(_fetcher(settings), secret), await _music(settings, secret, stack)
        library = await open_library(
            settings, core, folder, redis=redis, pool=pool, clock=clock, secret=secret, stack=stack
        )
        upkeep = Upkeep(
            core, pool, presence=presence, accounts=signing, settings=settings, clock=clock, more=library.jobs()
        )
        await _begun(core.start, bell.start, upkeep.scheduler.start)
        for stop in (core.stop, upkeep.last, bell.stop, hub.stop, presence.stop, upkeep.scheduler.stop, library.stop):
            stack.push_async_callback(stop)
        yield Services(
            settings=settings,
            clock=clock,
            accounts=signing,
            engine=core.engine,
            hub=hub,
            presence=presence,
            archiver=core.archiver,
            rooms=core.store,
            index=core.index,
            listing=Listing(core, Shelf(pool)),
            folder=folder,
            resolver=_resolver(settings, folder, subtitles, library.catalogue.tracks),
            subtitles=subtitles,
            doorkeeper=Doorkeeper(core.engine, passwords, Attempts(redis, clock.now), secret),
            capabilities=Capabilities(redis, pool),
            library=library,
            direct=_direct(),
            telemetry=telemetry,
            health=Health({"redis": core.store.ping, "postgres": lambda: postgres.ping(pool)}),
        )


async def _begun(*starts: Callable[[], Awaitable[None]]) -> None:
    """One after the other."""
    for start in starts:
        await start()


def _direct() -> bool:
    """Whether frames may go straight to sockets."""
    if outlet.fits():
        return True
    log.warning("this Tornado is another one than roomd knows; sending takes the slower way")
    return False


def _passwords(stack: AsyncExitStack) -> Passwords:
    passwords = Passwords()
    stack.callback(passwords.close)
    return passwords


def _hub(core: Core, redis: "Redis", clock: Clock, telemetry: Telemetry) -> tuple[Hub, Presence, Bell]:
    """Who tells sockets, who knows of them, and what wakes the former; each knows of the other."""
    hub = Hub(core.store, core.engine, clock.now)
    presence = Presence(core.engine, core.index, core.holdings, clock)

    def ring(room_id: RoomId, data: bytes) -> None:
        if not telemetry.pulse.ring(room_id, data):
            hub.ring(room_id, data)

    bell = Bell(redis, ring, hub.doubt)
    gauge = telemetry.metrics.gauge
    gauge("roomd_sockets", "WebSockets that are open here", lambda: hub.socket_count)
    gauge("roomd_rooms_waiting", "Rooms here that wait for somebody's player", lambda: hub.waiting_count)
    hub.connect(bell, lambda socket, room_id: presence.reattach(room_id, socket.actor, socket.id))
    return hub, presence, bell


async def _connected(
    settings: Settings, on_lost: Callable[[str], None], life: Life, stack: AsyncExitStack
) -> "tuple[Redis, postgres.PostgresPool]":
    """The stores, started where need be, with the schema of this program."""
    urls = await stack.enter_async_context(stores(settings, on_lost))
    await migrate.migrate(urls.database_url)
    pool = await postgres.connect(urls.database_url)
    stack.push_async_callback(pool.close)
    redis = redis_store.connect(urls.redis_url, life)
    stack.push_async_callback(redis.aclose, close_connection_pool=True)
    return redis, pool


def make_app(services: Services) -> Application:
    """The table of routes over the services."""
    allowed = services.settings.allowed_hosts
    app = Application(
        [(r".*", NotFoundHandler, {"services": services})] if allowed else _routes(services),
        log_function=log_request,
        websocket_max_message_size=wire.HARD_MAX_MESSAGE,
        websocket_ping_interval=wire.PING_INTERVAL_S,
        # Silence is noticed by the socket itself, whose close code says "come back"; Tornado's would say goodbye.
        websocket_ping_timeout=0,
        static_path=str(web_folder() / "static"),
        static_handler_class=pages.Static,
        debug=False,
    )
    for host in allowed:
        app.add_handlers(rf"(?i:{re.escape(host)})$", _routes(services))
    return app


def _routes(services: Services) -> list[Any]:
    given = {"services": services}
    web = web_folder()
    templates = jinja2.Environment(loader=jinja2.FileSystemLoader(web / "templates"), autoescape=True)
    page = given | {"templates": templates}
    return [
        (r"/ws/v1/([^/]+)/?", live.NativeSocket, given),
        Rule(streamit.WithToken(streamit.PATH), streamit.StreamItSocket, given),
        (streamit.PATH, streamit.SyncPlaySocket, given),
        (r"/ws/rooms/([^/]+)/?", musicroom.MusicRoomSocket, given),
        (r"/ws/sessions/([^/]+)/?", collab.CollabSocket, given),
        *((pattern, handler, given) for pattern, handler in API_ROUTES),
        *((pattern, handler, given) for pattern, handler in subtitles_handlers.ROUTES),
        *((pattern, handler, given) for pattern, handler in stream.MEDIA_ROUTES),
        *media_routes(services.folder, services.library.cdn),
        *((pattern, handler, page) for pattern, handler in pages.ROUTES),
        (r"/static/(.*)", pages.Static, {"path": str(web / "static")}),
        (r"/(?:api|rooms/api)(?:/.*)?", NotFoundHandler, given),
        (r".*", pages.MissingPage, page),
    ]


def web_folder() -> Path:
    """The pages: inside the installed package, or at the top of the tree."""
    inside = Path(__file__).parent / "web"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "web"


async def _music(settings: Settings, secret: str, stack: AsyncExitStack) -> LocalFolder:
    """The host's folder; without one, a handful of short pieces made here, so that a first room can play something."""
    key = hmac.digest(secret.encode(), b"media ids", hashlib.sha256)
    root = settings.music_dir or settings.data_dir / "pieces"
    kit = find_kit(settings)
    folder = LocalFolder(root, key, kit.notes if kit else None)
    stack.push_async_callback(folder.close)
    if settings.music_dir is None:
        pieces = Pieces(root, folder)
        pieces.start()
        stack.push_async_callback(pieces.close)
    else:
        folder.start()
    if kit is not None:
        folder.sound = workshop = Workshop(kit, folder)
        workshop.start()
        stack.push_async_callback(workshop.close)
    return folder


def _resolver(settings: Settings, folder: LocalFolder, subtitles: Subtitles, tracks: Tracks) -> Resolver:
    fetcher = _fetcher(settings)
    return Resolver(folder, fetcher, OEmbed(fetcher), subtitles, tracks)


def _fetcher(settings: Settings) -> Fetcher:
    try:
        return Fetcher(settings.fetch_allow)
    except ValueError as fault:
        raise SettingsError(f"ROOMD_FETCH_ALLOW: {fault}") from None


async def _secret(settings: Settings) -> str:
    """The secret given, or one of our own that is made once and kept where only we can read it."""
    if settings.secret_key is not None:
        return settings.secret_key
    path = settings.data_dir / "secret"
    if not path.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32), encoding="ascii")
        fresh.rename(path)
    return path.read_text(encoding="ascii").strip()
