"""The music services that the operator switched on, put together from the settings."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from random import Random
from typing import TYPE_CHECKING

from roomd.catalogue import deezer, radio_browser
from roomd.catalogue.deezer import Deezer
from roomd.catalogue.fetch import Fetcher
from roomd.catalogue.line import Line, open_line
from roomd.catalogue.mirrors import Mirrors
from roomd.catalogue.pace import Pace
from roomd.catalogue.provider import Provider
from roomd.catalogue.radio_browser import RadioBrowser
from roomd.catalogue.subsonic import Credentials, Subsonic
from roomd.catalogue.upstream import Upstream
from roomd.clock import Clock
from roomd.settings import Settings
from roomd.store.quota import Quota, Rate

if TYPE_CHECKING:
    from redis.asyncio import Redis


async def providers(
    settings: Settings, redis: "Redis", clock: Clock, fetcher: Fetcher, stack: AsyncExitStack
) -> Sequence[Provider]:
    """One provider for each address that is set, in the order in which they are shown. None is asked anything yet."""
    addresses = (settings.deezer_base_url, settings.subsonic_url, settings.radio_browser_url)
    if not any(addresses):
        return ()
    return Outside(await stack.enter_async_context(open_line()), redis, clock).of(settings, fetcher)


class Outside:
    """What all of them share. Without a Redis, what they are asked is not counted."""

    def __init__(self, line: Line, redis: "Redis | None", clock: Clock) -> None:
        self._line = line
        self._redis = redis
        self._clock = clock
        self._dice: Random = clock.moment().dice

    def of(self, settings: Settings, fetcher: Fetcher) -> Sequence[Provider]:
        made: list[Provider] = []
        if settings.subsonic_url:
            there = self._upstream(settings.subsonic_url, "Music server", self._pace("subsonic", None))
            made.append(Subsonic(there, _credentials(settings)))
        if settings.deezer_base_url:
            there = self._upstream(settings.deezer_base_url, Deezer.label, self._pace(Deezer.name, deezer.RATE))
            made.append(Deezer(there, self._clock.now))
        if settings.radio_browser_url:
            pace = self._pace(RadioBrowser.name, radio_browser.RATE)
            bases = [base.strip() for base in settings.radio_browser_url.split(",") if base.strip()]
            mirrors = Mirrors(
                bases, lambda base: self._upstream(base, RadioBrowser.label, pace), self._clock.now, self._dice
            )
            made.append(RadioBrowser(mirrors, fetcher))
        return made

    def _pace(self, name: str, rate: Rate | None) -> Pace:
        quota = Quota(self._redis, name, rate) if rate and self._redis is not None else None
        return Pace(self._clock.now, self._dice, quota, rate)

    def _upstream(self, base: str, label: str, pace: Pace) -> Upstream:
        return Upstream(self._line, base, label, pace=pace, now=self._clock.now, dice=self._dice)


def _credentials(settings: Settings) -> Credentials:
    return Credentials(
        user=settings.subsonic_user or "",
        password=settings.subsonic_password or "",
        api_key=settings.subsonic_api_key or "",
    )
