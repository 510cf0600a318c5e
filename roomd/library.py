"""The half of the server that is not rooms: catalogues, playlists, favourites, what people hear and may like."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from roomd.catalogue.cache import Cache
from roomd.catalogue.catalogue import FORGET_S, WARM_S, Catalogue
from roomd.catalogue.cdn import Cdn
from roomd.catalogue.fetch import Fetcher
from roomd.catalogue.importing import Importer
from roomd.catalogue.local import LocalFolder
from roomd.catalogue.oembed import OEmbed
from roomd.catalogue.own import OwnMusic
from roomd.catalogue.relay import Relay
from roomd.catalogue.seal import Seal
from roomd.clock import Clock
from roomd.core import Core
from roomd.gathering import Gathering
from roomd.listening import Listening
from roomd.moods import Moods
from roomd.personal import PersonalRooms
from roomd.pictures import Pictures
from roomd.previews import Previews
from roomd.providers import providers
from roomd.radio import Radio
from roomd.recommender import Recommender
from roomd.scheduler import Job
from roomd.settings import Settings
from roomd.storage import open_storage
from roomd.store.accounts import AccountStore
from roomd.store.answers import LastingAnswers, RecentAnswers
from roomd.store.favourites import Favourites
from roomd.store.listen_stream import ListenStream
from roomd.store.listens import Listens
from roomd.store.party_keys import PartyKeys
from roomd.store.personal import PersonalRows
from roomd.store.picks import KeptPicks
from roomd.store.playlists import Playlists
from roomd.store.postgres import PostgresPool
from roomd.store.room_history import RoomHistory
from roomd.store.songs import Songs
from roomd.suggestions import Suggestions
from roomd.uploads import Uploads

if TYPE_CHECKING:
    from redis.asyncio import Redis


@dataclass(frozen=True)
class Library:
    songs: Songs
    catalogue: Catalogue
    relay: Relay
    seal: Seal
    playlists: Playlists
    favourites: Favourites
    room_history: RoomHistory
    importer: Importer
    uploads: Uploads
    cdn: Cdn | None
    listens: Listens
    listening: Listening
    recommender: Recommender
    moods: Moods
    personal: PersonalRooms
    radio: Radio
    previews: Previews

    def jobs(self) -> Sequence[Job]:
        """What is done beside requests, by one process at a time or by all; see scheduler.py."""
        return (
            *self.listening.jobs(),
            self.moods.job(),
            Job("old answers", True, self.catalogue.forget, int(FORGET_S * 1_000)),
            Job("warm catalogue", True, self.catalogue.warm, int(WARM_S * 1_000)),
        )

    async def stop(self) -> None:
        """End what is done for rooms, before rooms themselves are put away."""
        await self.radio.stop()


async def open_library(
    settings: Settings,
    core: Core,
    folder: LocalFolder,
    stack: AsyncExitStack,
    *,
    redis: "Redis",
    pool: PostgresPool,
    clock: Clock,
    secret: str,
) -> Library:
    """Put it together; what has to be stopped at the end goes on the stack."""
    songs, listens = Songs(pool), Listens(pool, clock.now)
    listening = Listening(ListenStream(redis), listens, songs, clock.now)
    _listen(core, listening, stack)
    cache = Cache(RecentAnswers(redis), LastingAnswers(pool), clock.now)
    seal = Seal(secret)
    fetcher = Fetcher(settings.fetch_allow)
    outside = await providers(settings, redis, clock, fetcher, stack)
    catalogue = Catalogue([OwnMusic(folder, clock.now, listens), *outside], cache, songs, seal, clock.now)
    stack.push_async_callback(catalogue.stop)
    playlists, favourites = Playlists(pool, songs, clock.moment), Favourites(pool, songs, clock.moment)
    picks, gathering = KeptPicks(redis), Gathering(listens, songs, catalogue, seal, now=clock.now)
    recommender = Recommender(listens, favourites, gathering, kept=picks, clock=clock)
    stack.push_async_callback(gathering.stop)
    stack.push_async_callback(recommender.stop)
    own = lambda: (item.track for item in folder.index)  # noqa: E731
    suggestions = Suggestions(clock, recommender, catalogue, own, folder.prepared)
    radio = Radio(core.engine, core.index, clock, core.holdings.process, suggestions)
    previews = Previews(fetcher, OEmbed(fetcher), pictures := Pictures(), clock.now)
    stack.push_async_callback(previews.stop)
    return Library(
        songs=songs,
        catalogue=catalogue,
        relay=Relay(catalogue.provider, fetcher, clock.now),
        seal=seal,
        playlists=playlists,
        favourites=favourites,
        room_history=RoomHistory(pool),
        importer=Importer(catalogue, songs, folder),
        personal=PersonalRooms(core.engine, PersonalRows(pool), PartyKeys(redis)),
        radio=radio,
        uploads=Uploads(pictures, open_storage(settings), AccountStore(pool), playlists),
        cdn=Cdn(settings.cdn_url, secret, clock.now) if settings.cdn_url else None,
        listens=listens,
        listening=listening,
        recommender=recommender,
        previews=previews,
        moods=Moods(recommender, listens, playlists, picks, clock=clock),
    )


def _listen(core: Core, listening: Listening, stack: AsyncExitStack) -> None:
    """Have it hear every commit from now on."""
    core.engine.watch(listening.note)
    listening.start()
    stack.push_async_callback(listening.stop)
