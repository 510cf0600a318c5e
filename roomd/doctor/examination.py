"""All checks, as one table. To add one: a function that gives lines, a row here, and a row in docs/operations.md."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

from roomd.doctor import disk, environment, front, network, processes, secret, services, sound, storage, stores
from roomd.doctor.clock import GROUP as CLOCK
from roomd.doctor.discretion import scrubbed, secrets_of
from roomd.doctor.lines import Line, Lines
from roomd.doctor.postgres import GROUP as POSTGRES
from roomd.doctor.redis import GROUP as REDIS
from roomd.doctor.running import PATIENCE_S, Check, run
from roomd.settings import Settings


class Row(NamedTuple):
    """A check that needs the settings. A group's name and a check's stand for it where it goes wrong."""

    group: str
    name: str
    look: Callable[[Settings], Awaitable[Lines]]
    limit_s: float = PATIENCE_S


ALWAYS = (
    Check(environment.GROUP, "python", environment.python),
    Check(environment.GROUP, "variables", environment.variables),
    Check(environment.GROUP, "open files", environment.files),
    Check(environment.GROUP, "pictures", environment.pictures),
)
WITH_SETTINGS = (
    Row(environment.GROUP, "processes", processes.look),
    Row(secret.GROUP, "SECRET_KEY", secret.look),
    Row("stores", "stores", stores.look, stores.LIMIT_S),
    Row(disk.DISK, "data folder", disk.data),
    Row(network.PORT, "PORT", network.port),
    Row(network.PROXY, "ROOMD_PUBLIC_URL", network.proxy),
    Row(network.PROXY, front.SOCKETS, front.look),
    Row(network.CDN, "ROOMD_CDN_URL", network.cdn),
    Row(storage.GROUP, "uploads", storage.look),
    Row(disk.MUSIC, "MUSIC_DIR", disk.music),
    Row(services.GROUP, "providers", services.look, services.LIMIT_S),
    Row(sound.GROUP, "ffmpeg", sound.look),
)
#: The order in which groups are shown.
GROUPS = (
    environment.GROUP,
    secret.GROUP,
    "stores",
    REDIS,
    POSTGRES,
    CLOCK,
    disk.DISK,
    network.PORT,
    network.PROXY,
    network.CDN,
    storage.GROUP,
    disk.MUSIC,
    services.GROUP,
    sound.GROUP,
)


async def examine() -> list[Line]:
    """Every line there is, group by group, with nothing secret in it. It takes ten seconds at most."""
    settings, first = environment.settings()
    checks = list(ALWAYS)
    if settings is not None:
        checks += [Check(row.group, row.name, partial(row.look, settings), row.limit_s) for row in WITH_SETTINGS]
    secrets = secrets_of(settings) if settings is not None else []
    lines = [scrubbed(line, secrets) for line in (*first, *await run(checks))]
    return sorted(lines, key=lambda line: GROUPS.index(line.group))
