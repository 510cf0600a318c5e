"""The Redis in which rooms live."""

from collections.abc import Iterator

from roomd.doctor.clock import clock_line
from roomd.doctor.discretion import address
from roomd.doctor.lines import Line, Lines, fail, ok, size, warn
from roomd.doctor.transport import transport_line
from roomd.domain.refusals import Unavailable
from roomd.store import redis_vitals
from roomd.store.redis_vitals import RedisVitals

GROUP = "redis"
#: The oldest that has every command which roomd uses.
MIN_VERSION = (6, 2)
#: Milliseconds: each thing that somebody does in a room waits for two or three answers.
SLOW_MS = 20.0
#: Parts of its memory from which on it is nearly, and as good as, full.
NEARLY, FULL = 0.8, 0.97


async def look(url: str, *, own: bool, verify: bool = True) -> Lines:
    """Of the one at this address; `own`: roomd runs it itself. `verify`: its certificate is looked at."""
    where = "roomd's own" if own else address(url)
    try:
        vitals = await redis_vitals.look(url)
    except Unavailable as fault:
        fix = "Look into log/redis.log in the data folder." if own else "Start it, or correct REDIS_URL."
        if "CERTIFICATE_VERIFY_FAILED" in str(fault):
            fix = (
                "Add ?ssl_ca_certs=FILE with its authority to REDIS_URL; where its provider signs certificates itself, "
                "as Heroku does, set ROOMD_REDIS_VERIFY=false."
            )
        return [fail(GROUP, "answers", f"{where}: {fault}", fix)]
    return [
        _answers(where, vitals),
        *judged(vitals),
        _transport(url, verify=verify),
        clock_line("redis", vitals.ahead_ms),
    ]


def judged(vitals: RedisVitals) -> Iterator[Line]:
    """What is to be said of it, wherever it is."""
    yield _version(vitals.version)
    yield _persistence(vitals)
    yield _policy(vitals)
    yield _memory(vitals)
    if vitals.masters:
        yield _cluster(vitals)


def _transport(url: str, *, verify: bool) -> Line:
    tls = url.startswith("rediss:")
    if tls and not verify:
        return ok(GROUP, "transport", "TLS, without a look at the certificate, as ROOMD_REDIS_VERIFY says")
    return transport_line(GROUP, "REDIS_URL", url, tls=tls, fix="Use a rediss:// address.")


def _answers(where: str, vitals: RedisVitals) -> Line:
    found = f"{where}, in {vitals.ping_ms:.2f} ms"
    if vitals.replica:
        return fail(GROUP, "answers", f"{where} is a replica, which takes no writes", "Set REDIS_URL to its primary.")
    if vitals.ping_ms > SLOW_MS:
        fix = "Run roomd and Redis in one data centre: everything that people do waits for it."
        return warn(GROUP, "answers", f"{found}: slow", fix)
    return ok(GROUP, "answers", found)


def _version(version: tuple[int, ...]) -> Line:
    said = ".".join(map(str, version))
    if version < MIN_VERSION:
        return fail(GROUP, "version", said, "Install Redis 6.2 or later, or any Valkey.")
    return ok(GROUP, "version", said)


def _persistence(vitals: RedisVitals) -> Line:
    check = "persistence"
    if vitals.cannot_write:
        return fail(GROUP, check, "it cannot write to its disk", "Make room on its disk and look into its log.")
    if vitals.appends:
        return ok(GROUP, check, "append-only file")
    fix = "Set `appendonly yes`: what PostgreSQL had not got yet when Redis ends is lost otherwise."
    if vitals.save is None:
        return warn(GROUP, check, "no append-only file, and whether there are snapshots it does not say", fix)
    return warn(GROUP, check, f"only snapshots (save {vitals.save})" if vitals.save else "none", fix)


def _policy(vitals: RedisVitals) -> Line:
    check, policy = "eviction", vitals.policy
    if policy == "noeviction":
        return ok(GROUP, check, policy)
    fix = "Set `maxmemory-policy noeviction`: otherwise Redis throws parts of rooms away when it is full."
    if vitals.most and policy.startswith("allkeys"):
        return fail(GROUP, check, f"{policy}, with a limit of {size(vitals.most)}", fix)
    return warn(GROUP, check, policy or "not told", fix)


def _memory(vitals: RedisVitals) -> Line:
    check, most = "memory", vitals.most or vitals.machine
    whose = "its limit" if vitals.most else "the machine's; no limit"
    found = f"{size(vitals.used)} of {size(most)} ({whose})" if most else f"{size(vitals.used)}; no limit"
    part = vitals.used / most if most else 0.0
    fix = "Give it more memory, or lower ROOMD_SLEEP_HOURS, so that rooms leave it sooner."
    if part >= FULL:
        return fail(GROUP, check, f"{found}: full", fix)
    return warn(GROUP, check, f"{found}: nearly full", fix) if part >= NEARLY else ok(GROUP, check, found)


def _cluster(vitals: RedisVitals) -> Line:
    check, found = "cluster", f"{vitals.masters} masters"
    if vitals.all_or_none:
        fix = "Set `cluster-require-full-coverage no`: otherwise no room can be used while one master is away."
        return warn(GROUP, check, f"{found}, which stop together", fix)
    if vitals.alone:
        fix = "Give each master a replica, so that its rooms can be used again within seconds of its end."
        return warn(GROUP, check, f"{found}, {vitals.alone} of them without a replica", fix)
    return ok(GROUP, check, f"{found}, each with a replica")
