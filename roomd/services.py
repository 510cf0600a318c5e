"""What the server is made of, put together by `app.py` and handed to every handler."""

from dataclasses import dataclass, field

from tornado.httputil import HTTPServerRequest

from roomd.accounts import Accounts
from roomd.address import client_address, said_by_proxy
from roomd.archiver import Archiver
from roomd.catalogue.local import LocalFolder
from roomd.catalogue.resolve import Resolver
from roomd.catalogue.subtitles import Subtitles
from roomd.census import Census
from roomd.clock import Clock
from roomd.crowd import Crowd
from roomd.doorkeeper import Doorkeeper
from roomd.drain import Drain
from roomd.engine import Engine
from roomd.entrance import Entrance
from roomd.health import Health
from roomd.hub import Hub
from roomd.library import Library
from roomd.limiting import Limiter
from roomd.listing import Listing
from roomd.neighbours import Neighbours
from roomd.oversight import Oversight
from roomd.own import Own
from roomd.presence import Presence
from roomd.settings import Settings
from roomd.store.capabilities import Capabilities
from roomd.store.index import Index
from roomd.store.rooms import RoomStore
from roomd.store.tickets import Tickets
from roomd.telemetry import Telemetry
from roomd.wheel import Wheel


@dataclass(frozen=True)
class Services:
    settings: Settings
    clock: Clock
    accounts: Accounts
    engine: Engine
    hub: Hub
    presence: Presence
    archiver: Archiver
    rooms: RoomStore
    index: Index
    listing: Listing
    folder: LocalFolder
    resolver: Resolver
    subtitles: Subtitles
    health: Health
    doorkeeper: Doorkeeper
    own: Own
    tickets: Tickets
    library: Library
    telemetry: Telemetry
    census: Census
    wheel: Wheel
    neighbours: Neighbours
    oversight: Oversight
    entrance: Entrance = field(default_factory=Entrance)

    @property
    def drain(self) -> Drain:
        return self.own.drain

    @property
    def crowd(self) -> Crowd:
        return self.own.drain.crowd

    @property
    def limiter(self) -> Limiter:
        return self.doorkeeper.limiter

    @property
    def capabilities(self) -> Capabilities:
        return self.own.capabilities

    def address_of(self, request: HTTPServerRequest) -> str:
        """The address that limits are counted by, and that a guest's ban reaches."""
        forwarded = ",".join(request.headers.get_list("X-Forwarded-For"))
        return client_address(request.remote_ip or "", forwarded, self.settings.hops)

    def is_secure(self, request: HTTPServerRequest) -> bool:
        """Whether it came over TLS, as far as our own proxies say, or the address that the operator gave."""
        protocols = ",".join(request.headers.get_list("X-Forwarded-Proto"))
        # Most proxies put theirs in place of what was there.
        said = said_by_proxy(protocols, min(self.settings.hops, protocols.count(",") + 1))
        return "https" in {said, request.protocol} or (self.settings.public_url or "").startswith("https://")
