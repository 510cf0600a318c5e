"""The same work on many things, so many at a time, where one that fails does not stop the others."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Fault(NamedTuple):
    """What went wrong with which of them (by place)."""

    place: int
    why: BaseException


async def several(items: Sequence[T], work: Callable[[T], Awaitable[object]], at_once: int) -> list[Fault]:
    """Do `work` on each, `at_once` at a time; what went wrong."""
    turns = asyncio.Semaphore(at_once)

    async def one(item: T) -> None:
        async with turns:
            await work(item)

    came = await asyncio.gather(*(one(item) for item in items), return_exceptions=True)
    return [Fault(place, why) for place, why in enumerate(came) if why is not None]
