"""How many processes serve, who says so, and whether what each of them needs is there."""

from pathlib import Path

from roomd.doctor.environment import GROUP
from roomd.doctor.lines import Line, Lines, ok, size, warn
from roomd.settings import Settings, processes_of
from roomd.store.postgres import MOST_CONNECTIONS

#: Bytes that a process takes with a thousand sockets, and that the one which starts several takes.
EACH, FIRST = 220 << 20, 35 << 20
#: Where a container is told how much memory it has; version 2 of cgroups, and version 1.
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
#: What version 1 says for "no limit".
_NONE = 1 << 60


async def look(settings: Settings) -> Lines:
    return [processes_line(settings, _limit())]


def processes_line(settings: Settings, limit: int | None) -> Line:
    """`limit`: bytes that all of them may take."""
    check, count = "processes", processes_of(settings)
    found = f"{count}, {_by(settings)}: up to {count * MOST_CONNECTIONS} connections to PostgreSQL"
    needed = EACH * count + (FIRST if count > 1 else 0)
    if limit is not None and needed > limit:
        fix = "Set ROOMD_PROCESSES=1, or give it more memory: a process with a thousand listeners takes 220 MiB."
        return warn(GROUP, check, f"{found}; {size(limit)} of memory is little for that", fix)
    return ok(GROUP, check, found)


def _by(settings: Settings) -> str:
    platform = settings.web_concurrency
    if settings.processes is None:
        return "as nothing says otherwise" if platform is None else "by WEB_CONCURRENCY"
    counts = "" if platform is None else f" (WEB_CONCURRENCY, which is {platform}, does not count then)"
    return f"by ROOMD_PROCESSES{counts}"


def _limit() -> int | None:
    for path in _LIMITS:
        try:
            text = path.read_text(encoding="ascii").strip()
        except OSError:
            continue
        return int(text) if text.isdecimal() and int(text) < _NONE else None
    return None
