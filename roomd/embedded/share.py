"""The stores for a command that runs beside a server: the ones the server has started, or our own while it takes."""

import contextlib
import fcntl
import os
from collections.abc import AsyncIterator
from pathlib import Path

from roomd.embedded import Stores, postgres, redis, stores
from roomd.embedded.account import choose
from roomd.embedded.folder import Folder
from roomd.settings import Settings


@contextlib.asynccontextmanager
async def shared(settings: Settings) -> AsyncIterator[Stores]:
    """Raises EmbeddedError."""
    own = settings.redis_url is None or settings.database_url is None
    folder = _in_use(settings) if own else None
    if folder is None:
        lost: list[str] = []
        async with stores(settings, lost.append) as urls:
            yield urls
    else:
        yield Stores(settings.redis_at or redis.url(folder), settings.database_url or postgres.url(folder))


def _in_use(settings: Settings) -> Folder | None:
    """The data folder, where a roomd runs on it: whoever holds its lock."""
    data = settings.data_dir.absolute()
    try:
        handle = os.open(data / "lock", os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        note = data / "sockets"
        run = Path(os.fsdecode(note.read_bytes())) if note.exists() else data / "run"
        return Folder(data, run, data / "log", choose(settings))
    else:
        return None
    finally:
        os.close(handle)
