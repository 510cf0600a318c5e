"""The two stores: where they are, and how they are.

Those of roomd's own are asked as they run beside it. Where none runs, they are started for the while and stopped again;
those that were never made are not: then only the programs that would run them are looked at.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import NamedTuple

from roomd.doctor import postgres, redis
from roomd.doctor.lines import Line, Lines, fail, ok
from roomd.doctor.running import Check, run
from roomd.embedded import EmbeddedError, Stores
from roomd.embedded.account import choose
from roomd.embedded.binaries import Program, redis_server
from roomd.embedded.binaries import postgres as postgres_program
from roomd.embedded.share import shared
from roomd.settings import Settings

#: Seconds for starting both (0.7 s on an idle machine), and for all of it.
START_S = 4.5
LIMIT_S = 9.0
_ASK_S = 3.5


class Kind(NamedTuple):
    """One of the two. `made`: a file that is in the data folder once there is one of roomd's own."""

    group: str
    field: str
    made: str
    program: Callable[[Settings], Program]


KINDS = (
    Kind(redis.GROUP, "redis_url", "redis", redis_server),
    Kind(postgres.GROUP, "database_url", "postgres/PG_VERSION", postgres_program),
)


async def look(settings: Settings) -> Lines:
    own = [kind for kind in KINDS if getattr(settings, kind.field) is None]
    given = _asking(settings, Stores(settings.redis_at or "", settings.database_url or ""), [])
    if not own or settings.dyno is not None:  # A dyno's disk does not last, which the settings' own line says.
        return await run(given)
    try:
        if await asyncio.to_thread(_made, settings, own):
            return await _started(settings, own)
    except EmbeddedError as fault:
        return [*_cannot(own, str(fault)), *await run(given)]
    except OSError as fault:
        fix = f"Run this as the user that the server runs as: {fault.filename or settings.data_dir}: {fault.strerror}."
        return [*_cannot(own, fix), *await run(given)]
    return await run([*(Check(kind.group, "program", partial(_program, settings, kind)) for kind in own), *given])


async def _started(settings: Settings, own: list[Kind]) -> Lines:
    """Of both, while those of our own run. Raises EmbeddedError, or OSError for a folder that is closed to us."""
    async with AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(START_S):
                urls = await stack.enter_async_context(shared(settings))
        except TimeoutError:
            where = settings.data_dir / "log"
            raise EmbeddedError(f"not started within {START_S:g} s: look into {where}") from None
        return await run(_asking(settings, urls, own))


def _asking(settings: Settings, urls: Stores, own: list[Kind]) -> list[Check]:
    """The checks of those that there is an address of."""
    mine = {kind.group for kind in own}
    checks: list[Check] = []
    if urls.redis_url:
        ask = partial(redis.look, urls.redis_url, own=redis.GROUP in mine, verify=settings.redis_verify)
        checks.append(Check(redis.GROUP, "answers", ask, _ASK_S))
    if urls.database_url:
        ask = partial(postgres.look, urls.database_url, own=postgres.GROUP in mine, settings=settings)
        checks.append(Check(postgres.GROUP, "answers", ask, _ASK_S))
    return checks


def _made(settings: Settings, own: list[Kind]) -> bool:
    """Whether starting them makes nothing new. Raises OSError where the folder is closed to us."""
    for kind in own:
        try:
            (settings.data_dir / kind.made).stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
    return True


async def _program(settings: Settings, kind: Kind) -> Lines:
    """What would be started, which is not done here: it would make the data."""
    try:
        account = choose(settings)
        program = await asyncio.to_thread(kind.program, settings)
    except EmbeddedError as fault:
        return _cannot([kind], str(fault))
    version = ".".join(map(str, program.version))
    found = f"{program.path} {version}, which the first start makes a store with, as the user {account.name}"
    return [ok(kind.group, "program", found)]


def _cannot(kinds: list[Kind], fix: str) -> list[Line]:
    """`fix`: words that name the way out, as those of an EmbeddedError do."""
    return [
        fail(kind.group, "answers", "roomd's own cannot be run here", f"{fix[:1].upper()}{fix[1:]}") for kind in kinds
    ]
