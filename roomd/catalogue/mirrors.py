"""Several servers that answer the same. One of them is kept to, and the next asked when it is down."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import TypeVar

import httpx
import msgspec
from msgspec import Struct

from roomd.catalogue.upstream import Upstream
from roomd.domain.refusals import NotFound, Unavailable

T = TypeVar("T")

#: Mirrors asked for one question, and the seconds that all of them have together.
TRIES = 3
PATIENCE_S = 10.0
#: Mirrors that are known, and how long until they are looked up again: once a day; a minute after it failed.
MOST = 20
_AGAIN_MS, _SOON_MS = 24 * 3_600_000.0, 60_000.0
#: What the name of the one that stands for all begins with.
_ALL = "all."


class _ServerSaid(Struct):
    name: str = ""


_servers = msgspec.json.Decoder(list[_ServerSaid]).decode


class Mirrors:
    """`bases` are the operator's. One of the form https://all.<domain> is asked once a day which others there are on
    its domain; then these are used. `make` makes the upstream at an address.
    """

    def __init__(
        self, bases: Sequence[str], make: Callable[[str], Upstream], now: Callable[[], float], dice: Random
    ) -> None:
        self._make = make
        self._now = now
        self._dice = dice
        self._given = [make(base) for base in bases]
        self._order = list(self._given)
        dice.shuffle(self._order)
        self._learn_at = 0.0
        self._learning = asyncio.Lock()

    @property
    def label(self) -> str:
        return self._given[0].label

    @property
    def down(self) -> bool:
        """Whether none of them answers."""
        return all(each.down for each in self._order)

    async def get(
        self,
        path: str,
        read: Callable[[bytes], T],
        params: Mapping[str, str | int] = {},
        absent: NotFound | None = None,
    ) -> T:
        """As Upstream.get."""
        refusal = Unavailable(
            f"{self.label} does not answer. Try again in a moment.", "provider_down", params={"catalogue": self.label}
        )
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._learn()
                for upstream in self._order[:TRIES]:
                    try:
                        return await upstream.get(path, read, params, absent=absent)
                    except Unavailable as caught:
                        refusal = caught
                    if refusal.code != "provider_down":
                        break
                    self._order = [*(each for each in self._order if each is not upstream), upstream]
        except TimeoutError:
            pass
        raise refusal

    async def _learn(self) -> None:
        """Look up which mirrors there are, when it is time; a failure changes nothing."""
        central = [each for each in self._given if each.base.host.startswith(_ALL)]
        if not central or self._now() < self._learn_at:
            return
        async with self._learning:
            if self._now() < self._learn_at:
                return
            self._learn_at = self._now() + _SOON_MS
            try:
                names = await central[0].get("/json/servers", lambda body: names_in(body, central[0].base))
            except Unavailable:
                return
            self._learn_at = self._now() + _AGAIN_MS
            if names:
                self._order = [self._make(f"https://{name}") for name in names]
                self._dice.shuffle(self._order)
                self._order += self._given


def names_in(body: bytes, central: httpx.URL) -> list[str]:
    """The names that a list of servers has on the same domain. Others are nobody's whom the operator named."""
    domain = central.host.removeprefix(_ALL)
    names = {said.name.lower().rstrip(".") for said in _servers(body)}
    return sorted(name for name in names if _is_name(name) and name.endswith(f".{domain}") and name != central.host)[
        :MOST
    ]


def _is_name(name: str) -> bool:
    return name.isascii() and all(label.replace("-", "").isalnum() for label in name.split("."))
