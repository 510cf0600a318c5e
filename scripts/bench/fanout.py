"""Fan-out: one room, N sockets, messages to all of them. What a delivery costs, and how long it takes."""

import json
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

from bench.connects import open_rooms, people
from bench.servers import OTHER_CORE, BenchError, Server, built, pinned


class Load(NamedTuple):
    """`rate` in messages a second, or 0: as many as `outstanding` allows. `in_a_room` people each, or 0: all in one."""

    sockets: int
    rate: float = 0.0
    outstanding: int = 0
    seconds: float = 5.0
    in_a_room: int = 0
    #: Sockets that read nothing, and say nothing.
    stalled: int = 0

    @property
    def called(self) -> str:
        how = f"{self.rate:g}/s" if self.rate else f"{self.outstanding} outstanding"
        rooms = f" in rooms of {self.in_a_room}" if self.in_a_room else ""
        return f"{self.sockets} sockets{rooms}, {how}" + (f", {self.stalled} stalled" if self.stalled else "")

    @property
    def rooms(self) -> int:
        return -(-self.sockets // self.in_a_room) if self.in_a_room else 1

    @property
    def hearers(self) -> int:
        """Deliveries that come of a message."""
        return (self.in_a_room or self.sockets) - self.stalled


class Figures(NamedTuple):
    """CPU is the server process's own, the kernel's work for it included."""

    deliveries: int
    us_per_delivery: float
    per_cpu_s: float
    p50_ms: float
    p99_ms: float
    #: The share of the messages that everybody got, and how busy the load generator was.
    whole: float
    client_busy: float
    #: Of connecting, and of each connection when all were there.
    opened_per_s: float
    connect_p99_ms: float
    connect_us: float
    kib_per_socket: float
    #: By how much the server grew while messages went.
    grown_kib: float


def measured(make: AbstractContextManager[Server], load: Load) -> Figures:
    """Start a server, connect, run, and stop. Raises BenchError."""
    with make as server:
        return run_on(server, load)


def run_on(server: Server, load: Load, connected: Callable[[], object] = lambda: None, path: str = "") -> Figures:
    """`connected` is called when all are there; `path` is of a room that is there already, for all of them."""
    with tempfile.NamedTemporaryFile("w", suffix=".tokens") as tokens:
        tokens.write("\n".join(_tokens(server, load, path)))
        tokens.flush()
        cpu, memory = server.cpu_s(), server.memory_kib()
        command = [
            *(built("wsload"), server.port, "/", load.sockets, tokens.name),
            *(load.rate, load.outstanding, load.seconds, load.stalled),
        ]
        started = pinned(OTHER_CORE, [str(part) for part in command])
        with subprocess.Popen(started, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as generator:
            assert generator.stdin and generator.stdout
            opened = _line(generator.stdout.readline())
            spent = Spent(server.cpu_s() - cpu, server.memory_kib() - memory, server.cpu_s())
            connected()
            generator.stdin.write("go\n")
            generator.stdin.flush()
            ran = _line(generator.stdout.readline())
            spent = spent._replace(running_s=server.cpu_s() - spent.running_s, after_kib=server.memory_kib() - memory)
            return _figures(load, opened, ran, spent)


class Spent(NamedTuple):
    """Of the server's: CPU while the sockets came, memory for them, and CPU while messages went."""

    connecting_s: float
    memory_kib: int
    running_s: float
    after_kib: int = 0


def _figures(load: Load, opened: dict[str, Any], ran: dict[str, Any], spent: Spent) -> Figures:
    deliveries = int(ran["deliveries"])
    if not deliveries:
        raise BenchError(f"nothing was delivered: {ran}")
    return Figures(
        deliveries=deliveries,
        us_per_delivery=1e6 * spent.running_s / deliveries,
        per_cpu_s=deliveries / spent.running_s if spent.running_s else 0.0,
        p50_ms=ran["p50_ms"],
        p99_ms=ran["p99_ms"],
        whole=deliveries / max(1, (ran["messages"] - ran["refused"]) * load.hearers),
        client_busy=ran["client_busy"],
        opened_per_s=opened["opened"] / opened["seconds"],
        connect_p99_ms=opened["connect_p99_ms"],
        connect_us=1e6 * spent.connecting_s / opened["opened"],
        kib_per_socket=spent.memory_kib / opened["opened"],
        grown_kib=spent.after_kib - spent.memory_kib,
    )


def _line(text: str) -> dict[str, Any]:
    if not text:
        raise BenchError("the load generator ended early")
    return dict(json.loads(text))


def _tokens(server: Server, load: Load, path: str) -> list[str]:
    """For each socket its token, and the path of its room."""
    if server.name != "roomd":
        return [f"- /{n // load.in_a_room + 1 if load.in_a_room else 0}" for n in range(load.sockets)]
    everybody = people(load.sockets)
    if path:
        return [f"{token} {path}" for token in everybody]
    codes = open_rooms(server.port, everybody[: load.rooms])
    return [f"{token} /ws/v1/{codes[n % len(codes)]}/" for n, token in enumerate(everybody)]


def plain(path: Path, rows: list[dict[str, Any]]) -> None:
    """Keep all figures beside the table."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(rows, indent=1), encoding="utf-8")
