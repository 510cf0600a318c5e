"""What the server is made of, put together by `app.py` and handed to every handler."""

from dataclasses import dataclass

from roomd.accounts import Accounts
from roomd.catalogue.local import LocalFolder
from roomd.catalogue.resolve import Resolver
from roomd.clock import Clock
from roomd.engine import Engine
from roomd.health import Health
from roomd.hub import Hub
from roomd.presence import Presence
from roomd.settings import Settings
from roomd.store.index import Index
from roomd.store.rooms import RoomStore


@dataclass(frozen=True)
class Services:
    settings: Settings
    clock: Clock
    accounts: Accounts
    engine: Engine
    hub: Hub
    presence: Presence
    rooms: RoomStore
    index: Index
    folder: LocalFolder
    resolver: Resolver
    health: Health
