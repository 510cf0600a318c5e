"""The composition root: what the server is made of, started in order, stopped in reverse; and its table of routes."""

import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from tornado.routing import Rule
from tornado.web import Application

from roomd.admins import open_accounts
from roomd.bounds import open_bounds
from roomd.catalogue.fetch import Fetcher
from roomd.catalogue.local import LocalFolder
from roomd.catalogue.oembed import OEmbed
from roomd.catalogue.resolve import Resolver, Tracks
from roomd.catalogue.subtitles import Subtitles
from roomd.census import open_census
from roomd.clock import Clock
from roomd.core import Core
from roomd.crowd import Crowd
from roomd.domain.ids import RoomId
from roomd.doorkeeper import Doorkeeper
from roomd.drain import Drain
from roomd.embedded import Stores, stores
from roomd.handlers import collab, live, musicroom, packed, pages, stream, streamit
from roomd.handlers import subtitles as subtitles_handlers
from roomd.handlers.base import ApiHandler, NotFoundHandler, log_request
from roomd.handlers.door import Door
from roomd.handlers.glance import Glanced, Glances
from roomd.handlers.headers import guarding
from roomd.handlers.media import media_routes
from roomd.handlers.table import API_ROUTES, PAGE_ROUTES
from roomd.handlers.told import Site
from roomd.health import Health
from roomd.hub import Hub
from roomd.library import Library, open_library
from roomd.limiting import Limiter
from roomd.listing import Listing
from roomd.music import open_music
from roomd.neighbours import Neighbours
from roomd.openapi.documents import Documents
from roomd.oversight import make_oversight
from roomd.own import open_own
from roomd.passwords import Passwords
from roomd.presence import Presence
from roomd.secret import keys_of
from roomd.services import Services
from roomd.settings import Settings, SettingsError
from roomd.store import migrate, postgres
from roomd.store import redis as redis_store
from roomd.store.attempts import Attempts
from roomd.store.bell import Bell
from roomd.store.life import Life
from roomd.store.shelf import Shelf
from roomd.store.tickets import Tickets
from roomd.telemetry import Telemetry, open_telemetry
from roomd.upkeep import Upkeep
from roomd.wheel import Wheel

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(
    settings: Settings,
    on_lost: Callable[[str], None],
    clock: Clock | None = None,
    *,
    urls: Stores | None = None,
    neighbours: Neighbours | None = None,
) -> AsyncIterator[Services]:
    """A server's parts, running. `on_lost`: a store of ours keeps dying. `urls`: of stores that somebody else runs."""
    async with AsyncExitStack() as stack:
        clock, neighbours = clock or Clock(), neighbours or Neighbours()
        core, redis, pool = await _connected(nullcontext(urls) if urls else stores(settings, on_lost), clock, stack)
        telemetry, (keys, secret) = await open_telemetry(redis, clock, core.holdings.process, stack), keys_of(settings)
        bounds = open_bounds(redis, settings.limits, clock.local, core.holdings.process)
        hub, presence, bell = _hub(core, redis, clock, telemetry, neighbours, crowd=bounds.crowd)
        passwords, signing = await open_accounts(settings, keys, pool=pool, redis=redis, clock=clock, stack=stack)
        subtitles, folder = Subtitles(_fetcher(settings), secret), await open_music(settings, secret, neighbours, stack)
        library = await open_library(settings, core, folder, clock, redis=redis, pool=pool, secret=secret, stack=stack)
        own = open_own(core, pool, redis, signing, library, clock=clock, drain=Drain(bounds.crowd), stack=stack)
        oversight = make_oversight(core, pool, signing, telemetry.metrics, clock)
        more = (*library.jobs(), *own.jobs(), *oversight.jobs(), *bounds.jobs())
        upkeep = Upkeep(core, pool, presence=presence, accounts=signing, settings=settings, clock=clock, more=more)
        await _begun(core, bell, hub, presence, upkeep, library, stack)
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
            doorkeeper=_doorkeeper(core, redis, bounds.limiter, clock, passwords=passwords, secret=secret),
            own=own,
            tickets=Tickets(redis),
            library=library,
            telemetry=telemetry,
            census=open_census(pool, library.answers, telemetry.metrics),
            wheel=_wheel(stack),
            neighbours=neighbours,
            oversight=oversight,
            health=Health({"redis": core.store.ping, "postgres": lambda: postgres.ping(pool)}),
        )


async def _begun(  # noqa: PLR0917 - the parts, in the order in which they begin
    core: Core, bell: Bell, hub: Hub, presence: Presence, upkeep: Upkeep, library: Library, stack: AsyncExitStack
) -> None:
    """One after the other; at the end they are stopped, the last of these first."""
    for start in (core.start, bell.start, upkeep.scheduler.start):
        await start()
    for stop in (core.stop, upkeep.last, bell.stop, hub.stop, presence.stop, upkeep.scheduler.stop, library.stop):
        stack.push_async_callback(stop)


def _doorkeeper(
    core: Core, redis: "Redis", limiter: Limiter, clock: Clock, *, passwords: Passwords, secret: str
) -> Doorkeeper:
    return Doorkeeper(core.engine, passwords, Attempts(redis, clock.now), limiter, secret)


def _wheel(stack: AsyncExitStack) -> Wheel:
    wheel = Wheel()
    stack.callback(wheel.close)
    return wheel


def _hub(
    core: Core, redis: "Redis", clock: Clock, telemetry: Telemetry, neighbours: Neighbours, *, crowd: Crowd
) -> tuple[Hub, Presence, Bell]:
    """Who tells sockets, who knows of them, and what wakes the former; each knows of the other."""
    hub = Hub(core.store, core.engine, clock.now)
    presence = Presence(core.engine, core.index, core.holdings, clock, crowd)

    def ring(room_id: RoomId, data: bytes) -> None:
        if not telemetry.pulse.ring(room_id, data):
            hub.ring(room_id, data)

    bell = Bell(redis, ring, hub.doubt)
    gauge = telemetry.metrics.gauge
    gauge("roomd_sockets", "WebSockets that are open here", lambda: hub.socket_count)
    for counted in (core.engine.results, hub.resumes, hub.gaps, hub.told):
        telemetry.metrics.show(counted)
    gauge("roomd_archive_behind", "Commits made here that PostgreSQL has not got yet", lambda: core.archiver.behind)
    gauge("roomd_archive_away", "Whether PostgreSQL takes no commits", lambda: core.archiver.away)
    gauge("roomd_rooms_followed", "Rooms with sockets here", lambda: hub.room_count)
    gauge("roomd_rooms_waiting", "Rooms here that wait for somebody's player", lambda: hub.waiting_count)
    neighbours.name, neighbours.gone = presence.process, presence.died
    neighbours.answer("metrics", telemetry.metrics.families)
    neighbours.answer("health", lambda: {"sockets": hub.socket_count, "behind": core.archiver.behind})
    hub.connect(bell, lambda socket, room_id: presence.reattach(room_id, socket.actor, socket.id))
    return hub, presence, bell


async def _connected(
    running: AbstractAsyncContextManager[Stores], clock: Clock, stack: AsyncExitStack
) -> "tuple[Core, Redis, postgres.PostgresPool]":
    """The stores, with the schema of this program, and the rooms over them."""
    urls, life = await stack.enter_async_context(running), Life()
    await migrate.migrate(urls.database_url)
    pool = await postgres.connect(urls.database_url)
    stack.push_async_callback(postgres.close, pool)
    redis = await redis_store.opened(urls.redis_url, life)
    stack.push_async_callback(redis.aclose, close_connection_pool=True)
    return Core.build(redis, pool, life, clock), redis, pool


def make_app(services: Services) -> Application:
    """The table of routes over the services."""
    allowed = services.settings.allowed_hosts
    app = Site(
        [(r".*", NotFoundHandler, {"services": services})] if allowed else _routes(services),
        log_function=log_request,
        static_path=str(web_folder() / "static"),
        static_handler_class=pages.Static,
        documents=Documents(API_ROUTES),
        transforms=[guarding(services)],
        debug=False,
        metrics=services.telemetry.metrics,
    )
    for host in allowed:
        app.add_handlers(rf"(?i:{re.escape(host)})$", _routes(services))
    return app


def _routes(services: Services) -> list[Any]:
    given = {"services": services}
    web = web_folder()
    templates = jinja2.Environment(loader=_Templates(web / "templates"), autoescape=True)
    page = given | {"templates": templates}
    return [
        (r"/ws/v1/([^/]+)/?", Door(services, live.NativeSocket)),
        Rule(streamit.WithToken(streamit.PATH), Door(services, streamit.StreamItSocket)),
        (streamit.PATH, Door(services, streamit.SyncPlaySocket)),
        (r"/ws/rooms/([^/]+)/?", Door(services, musicroom.MusicRoomSocket)),
        (r"/ws/sessions/([^/]+)/?", Door(services, collab.CollabSocket)),
        *(rule for pattern, handler in API_ROUTES for rule in _rules(services, pattern, handler)),
        *((pattern, handler, given) for pattern, handler in subtitles_handlers.ROUTES),
        *((pattern, handler, given) for pattern, handler in stream.MEDIA_ROUTES),
        *media_routes(services.folder, services.library.cdn),
        *((pattern, handler, page) for pattern, handler in PAGE_ROUTES),
        (*packed.ROUTE, {"root": web / "static"}),
        (r"/static/(.*)", pages.Static, {"path": str(web / "static")}),
        (r"/(?:api|rooms/api)(?:/.*)?", NotFoundHandler, given),
        (r".*", pages.MissingPage, page),
    ]


def _rules(services: Services, pattern: str, handler: type[ApiHandler]) -> Iterator[Any]:
    if issubclass(handler, Glanced):
        yield (pattern, Glances(services, handler.shown))
    yield (pattern, handler, {"services": services})


class _Templates(jinja2.FileSystemLoader):
    """Without indentation, but for what is shown as it is written."""

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, path, is_fresh = super().get_source(environment, template)
        return source if "<pre" in source else re.sub("^ +", "", source, flags=re.MULTILINE), path, is_fresh


def web_folder() -> Path:
    """The pages: inside the installed package, or at the top of the tree."""
    inside = Path(__file__).parent / "web"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "web"


def _resolver(settings: Settings, folder: LocalFolder, subtitles: Subtitles, tracks: Tracks) -> Resolver:
    fetcher = _fetcher(settings)
    return Resolver(folder, fetcher, OEmbed(fetcher), subtitles, tracks)


def _fetcher(settings: Settings) -> Fetcher:
    try:
        return Fetcher(settings.fetch_allow)
    except ValueError as fault:
        raise SettingsError(f"ROOMD_FETCH_ALLOW: {fault}") from None
