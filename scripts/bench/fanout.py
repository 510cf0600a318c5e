"""Fan-out: one room, N sockets, messages to all of them. What a delivery costs, and how long it takes."""

import json
import subprocess
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from bench.servers import OTHER_CORE, BenchError, Server, built, pinned


class Load(NamedTuple):
    """`rate` in messages a second, or 0: as many as `outstanding` allows."""

    sockets: int
    rate: float = 0.0
    outstanding: int = 0
    seconds: float = 5.0

    @property
    def called(self) -> str:
        how = f"{self.rate:g}/s" if self.rate else f"{self.outstanding} outstanding"
        return f"{self.sockets} sockets, {how}"


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


class Room(NamedTuple):
    path: str
    tokens: list[str]


def measured(make: AbstractContextManager[Server], load: Load) -> Figures:
    """Start a server, connect, run, and stop. Raises BenchError."""
    with make as server, tempfile.NamedTemporaryFile("w", suffix=".tokens") as tokens:
        room = _room(server, load.sockets) if server.name == "roomd" else Room("/", [])
        tokens.write("\n".join(room.tokens))
        tokens.flush()
        cpu, memory = server.cpu_s(), server.memory_kib()
        command = [
            *(built("wsload"), server.port, room.path, load.sockets, tokens.name if room.tokens else "-"),
            *(load.rate, load.outstanding, load.seconds),
        ]
        started = pinned(OTHER_CORE, [str(part) for part in command])
        with subprocess.Popen(started, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as generator:
            assert generator.stdin and generator.stdout
            opened = _line(generator.stdout.readline())
            spent = Spent(server.cpu_s() - cpu, server.memory_kib() - memory, server.cpu_s())
            generator.stdin.write("go\n")
            generator.stdin.flush()
            ran = _line(generator.stdout.readline())
            return _figures(load, opened, ran, spent._replace(running_s=server.cpu_s() - spent.running_s))


class Spent(NamedTuple):
    """Of the server's: CPU while the sockets came, memory for them, and CPU while messages went."""

    connecting_s: float
    memory_kib: int
    running_s: float


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
        whole=deliveries / max(1, (ran["messages"] - ran["refused"]) * load.sockets),
        client_busy=ran["client_busy"],
        opened_per_s=opened["opened"] / opened["seconds"],
        connect_p99_ms=opened["connect_p99_ms"],
        connect_us=1e6 * spent.connecting_s / opened["opened"],
        kib_per_socket=spent.memory_kib / opened["opened"],
    )


def _line(text: str) -> dict[str, Any]:
    if not text:
        raise BenchError("the load generator ended early")
    return dict(json.loads(text))


def _room(server: Server, people: int) -> Room:
    """A room, and a token for each of so many guests."""
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False, timeout=30) as http:
        made = http.post("/api/rooms/create/", json={"name": "Bench", "user_name": "Guest 0"})
        made.raise_for_status()
        tokens = [made.json()["access_token"]]
        while len(tokens) < people:
            answer = http.post("/api/auth/guest/", json={"name": f"Guest {len(tokens)}"})
            answer.raise_for_status()
            tokens.append(answer.json()["access_token"])
    return Room(f"/ws/v1/{made.json()['code']}/", tokens)


def plain(path: Path, rows: list[dict[str, Any]]) -> None:
    """Keep all figures beside the table."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(rows, indent=1), encoding="utf-8")
