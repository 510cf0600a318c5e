"""Providers over stand-ins, on a clock that is moved by hand."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableSequence
from contextlib import asynccontextmanager
from functools import cache
from random import Random
from typing import Any

from roomd.catalogue.deezer import Deezer
from roomd.catalogue.fetch import Fetcher
from roomd.catalogue.line import Line, open_line
from roomd.catalogue.mirrors import Mirrors
from roomd.catalogue.pace import Pace
from roomd.catalogue.provider import Provider
from roomd.catalogue.radio_browser import RadioBrowser
from roomd.catalogue.subsonic import Credentials, Subsonic
from roomd.catalogue.upstream import Upstream
from roomd.domain.refusals import Refusal

Ask = Callable[[Provider], Awaitable[object]]


class Hands:
    """A clock in ms since 1970 that stands still until somebody moves it."""

    def __init__(self) -> None:
        self.ms = time.time() * 1_000

    def now(self) -> float:
        return self.ms


def over(line: Line, base: str, label: str, hands: Hands, pace: Pace | None = None) -> Upstream:
    dice = Random(1)
    return Upstream(line, base, label, pace=pace or Pace(hands.now, dice), now=hands.now, dice=dice)


@asynccontextmanager
async def upstream(base: str, label: str, hands: Hands, pace: Pace | None = None) -> AsyncIterator[Upstream]:
    async with open_line() as line:
        yield over(line, base, label, hands, pace)


@asynccontextmanager
async def deezer(base: str, hands: Hands | None = None, pace: Pace | None = None) -> AsyncIterator[Deezer]:
    hands = hands or Hands()
    async with upstream(base, "Deezer", hands, pace) as there:
        yield Deezer(there, hands.now)


@asynccontextmanager
async def subsonic(base: str, credentials: Credentials) -> AsyncIterator[Subsonic]:
    async with upstream(base, "Our music", Hands()) as there:
        yield Subsonic(there, credentials)


@asynccontextmanager
async def radio(*bases: str, hands: Hands | None = None) -> AsyncIterator[RadioBrowser]:
    """On mirrors whose order is known: as they are given."""
    hands = hands or Hands()
    async with open_line() as line:
        yield radio_over(line, *bases, hands=hands)


def radio_over(line: Line, *bases: str, hands: Hands) -> RadioBrowser:
    mirrors = Mirrors(bases, lambda base: over(line, base, "Radio Browser", hands), hands.now, Unshuffled())
    return RadioBrowser(mirrors, fetcher())


@cache
def fetcher() -> Fetcher:
    """Made once: loading the certificates takes some 30 ms."""
    return Fetcher(["127.0.0.1"])


class Unshuffled(Random):
    """Dice that leave the order as it is."""

    def shuffle(self, x: MutableSequence[Any]) -> None:
        pass


async def refusals(asks: Mapping[str, Ask], make: Callable[[Line], Provider]) -> dict[str, str]:
    """How each question is refused, by its name, "" where it is answered; each is put to a provider of its own, so that
    no breaker answers instead.
    """
    codes = {}
    async with open_line() as line:
        for name, ask in asks.items():
            try:
                await ask(make(line))
                codes[name] = ""
            except Refusal as refusal:
                codes[name] = refusal.code
    return codes
