"""Whether the parts answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from roomd.domain.refusals import Unavailable

#: Seconds a part may take to answer before it counts as away.
PATIENCE_S = 1.5


class Part(NamedTuple):
    ok: bool
    ms: float


class Health:
    """`parts` maps a part's name to something that raises Unavailable (or takes too long) when it does not answer."""

    def __init__(self, parts: Mapping[str, Callable[[], Awaitable[object]]]) -> None:
        self._parts = parts

    async def check(self) -> dict[str, Part]:
        found = await asyncio.gather(*(self._ask(ask) for ask in self._parts.values()))
        return dict(zip(self._parts, found, strict=True))

    async def _ask(self, ask: Callable[[], Awaitable[object]]) -> Part:
        started = time.perf_counter()
        try:
            await asyncio.wait_for(ask(), PATIENCE_S)
        except (Unavailable, TimeoutError):
            ok = False
        else:
            ok = True
        return Part(ok, round((time.perf_counter() - started) * 1_000, 1))
