"""The embedded Redis: append-only, each write on disk before it is answered, on a private socket."""

import asyncio
import signal
from pathlib import Path
from urllib.parse import quote

from roomd.embedded.binaries import reachable, redis_server
from roomd.embedded.child import Answer, Plan
from roomd.embedded.folder import Folder, private
from roomd.settings import Settings

#: `everysec` lost 8,657 answered writes on a stalled disk at kill -9; `always` lost none.
_DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
_FLEETING = ("--appendonly", "no")
_PROBE_S = 5.0


def url(folder: Folder) -> str:
    return f"unix://{quote(str(_socket(folder)))}?db=0"


def plan(settings: Settings, folder: Folder, *, durable: bool) -> Plan:
    """How to run it. `durable=False` keeps nothing: for tests. Raises EmbeddedError when there is no Redis to run."""
    home = folder.data / "redis"
    socket = _socket(folder)
    pid_file = home / "redis.pid"
    program = reachable(redis_server(settings), folder.account, folder.data / "bin")
    flags: dict[str, str | Path] = {
        "port": "0",
        "unixsocket": socket,
        "unixsocketperm": "700",
        "dir": home,
        "pidfile": pid_file,
        "daemonize": "no",
        "logfile": "",  # standard output, which is our log file
        "save": "",
        "maxmemory-policy": "noeviction",
    }

    async def prepare() -> None:
        private(home, folder.account)

    async def probe() -> Answer:
        return await _ping(socket)

    return Plan(
        name="redis",
        command=(program, *(part for flag, value in flags.items() for part in (f"--{flag}", value)))
        + (_DURABLE if durable else _FLEETING),
        folder=home,
        account=folder.account,
        log=folder.log / "redis.log",
        pid_file=pid_file,
        sockets=(socket,),
        farewell=signal.SIGTERM,
        stop_s=5.0,
        prepare=prepare,
        probe=probe,
    )


def _socket(folder: Folder) -> Path:
    return folder.run / "redis.sock"


async def _ping(socket: Path) -> Answer:
    try:
        async with asyncio.timeout(_PROBE_S):
            reader, writer = await asyncio.open_unix_connection(socket)
            try:
                writer.write(b"PING\r\n")
                line = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return Answer.SILENT
    if line.startswith(b"+PONG"):
        return Answer.READY
    return Answer.BUSY if line.startswith((b"-LOADING", b"-BUSY")) else Answer.SILENT
