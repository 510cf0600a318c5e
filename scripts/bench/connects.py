"""A storm: sockets that all come at once, each with a token of its own, while others are there already."""

import asyncio
import json
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

import httpx
from bench.servers import OTHER_CORE, BenchError, Server, built, pinned, settled
from tornado.websocket import WebSocketClientConnection, websocket_connect

from roomd.domain.actor import Actor
from roomd.domain.ids import UserId
from roomd.tokens import GUEST_ACCESS_S, TokenRing

#: What the server under test signs with, so that tokens need not be asked for.
SECRET = "only-for-measuring-and-for-nothing-else"
#: Those who are there before, and seconds between two heartbeats of each.
OLD = 50
BEAT_S = 0.25
MALLOC_SETTLES_S = 1.0


class Figures(NamedTuple):
    """CPU is the server process's own, the kernel's work for it included. Of heartbeats: how long the answers took."""

    opened: int
    failed: int
    per_s: float
    p50_ms: float
    p99_ms: float
    us_each: float
    #: Of somebody who is turned away because their token has run out: a handshake, a hello, and that.
    checked_us: float
    kib_each: float
    beats: int
    beat_p99_ms: float
    beat_max_ms: float


def measured(make: AbstractContextManager[Server], sockets: int, rooms: int) -> Figures:
    """Start a server, have the old ones come and then the storm, and stop. Into no rooms: they only shake hands.

    Raises BenchError.
    """
    with make as server, tempfile.NamedTemporaryFile("w", suffix=".tokens") as tokens:
        lines: list[str] = []
        if rooms:
            everybody = people(sockets + OLD)
            codes = open_rooms(server.port, everybody[: min(rooms, sockets)])
            lines = [f"{token} /ws/v1/{codes[n % len(codes)]}/" for n, token in enumerate(everybody)]
        tokens.write("\n".join(lines[:sockets]))
        tokens.flush()
        with _old_ones(server.port, lines[sockets:]) as beats:
            cpu, memory = server.cpu_s(), server.memory_kib()
            opened = _storm(server, sockets, tokens.name if rooms else "-")
        beats = beats or [0.0]
        checked = _checked(server, sockets) if rooms else 0.0
        return Figures(
            opened=opened["opened"],
            failed=opened["failed"],
            per_s=opened["opened"] / opened["seconds"],
            p50_ms=opened["connect_p50_ms"],
            p99_ms=opened["connect_p99_ms"],
            us_each=1e6 * (opened["cpu_s"] - cpu) / max(1, opened["opened"]),
            checked_us=checked,
            kib_each=(opened["memory_kib"] - memory) / max(1, opened["opened"]),
            beats=len(beats),
            beat_p99_ms=1_000 * statistics.quantiles([*beats, beats[-1]], n=100)[-1],
            beat_max_ms=1_000 * max(beats),
        )


def _checked(server: Server, sockets: int) -> float:
    """Microseconds of CPU for a handshake, a hello and the check of a token: those who come are told that theirs has
    run out. Raises BenchError.
    """
    settled(server)
    with tempfile.NamedTemporaryFile("w", suffix=".tokens") as tokens:
        tokens.write("\n".join(people(sockets, GUEST_ACCESS_S + 3_600)))
        tokens.flush()
        cpu = server.cpu_s()
        opened = _storm(server, sockets, tokens.name)
    return float(1e6 * (opened["cpu_s"] - cpu) / max(1, opened["opened"]))


def _storm(server: Server, sockets: int, tokens: str) -> dict[str, Any]:
    """What the load generator says of it, with the server's CPU so far, and its memory once everybody is there."""
    path = "/ws/v1/ZZZZZZ/" if server.name == "roomd" else "/"
    command = pinned(OTHER_CORE, [str(built("wsload")), str(server.port), path, str(sockets), tokens, "0", "0", "0"])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as generator:
        assert generator.stdin and generator.stdout
        said = generator.stdout.readline()
        if not said:
            raise BenchError("the load generator ended early")
        cpu_s = server.cpu_s()
        time.sleep(MALLOC_SETTLES_S)
        memory = server.memory_kib()
        generator.stdin.close()
        return {**json.loads(said), "cpu_s": cpu_s, "memory_kib": memory}


@contextmanager
def _old_ones(port: int, lines: list[str]) -> Iterator[list[float]]:
    """People who are there before the storm; the seconds that each answer to a heartbeat of theirs took."""
    took: list[float] = []
    ready, over = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_beating(port, lines, took, ready, over)))
    thread.start()
    ready.wait()
    took.clear()
    try:
        yield took
    finally:
        over.set()
        thread.join()


async def _beating(
    port: int, lines: list[str], took: list[float], ready: threading.Event, over: threading.Event
) -> None:
    sockets = [await _entered(port, *line.split(" ")) for line in lines]
    beats = [asyncio.create_task(_beat(socket, number, took, over)) for number, socket in enumerate(sockets)]
    ready.set()
    await asyncio.gather(*beats)
    for socket in sockets:
        socket.close()


async def _entered(port: int, token: str, path: str) -> WebSocketClientConnection:
    socket = await websocket_connect(f"ws://127.0.0.1:{port}{path}")
    await socket.write_message(json.dumps({"type": "hello", "token": token}))
    await _until(socket, "state")
    return socket


async def _beat(socket: WebSocketClientConnection, number: int, took: list[float], over: threading.Event) -> None:
    # Spread, as those of many people are.
    await asyncio.sleep(BEAT_S * number / OLD)
    while not over.is_set():
        began = time.monotonic()
        await socket.write_message(json.dumps({"type": "ping", "c0": 0}))
        await _until(socket, "pong")
        took.append(time.monotonic() - began)
        await asyncio.sleep(BEAT_S)


async def _until(socket: WebSocketClientConnection, kind: str) -> None:
    while True:
        text = await socket.read_message()
        if text is None:
            raise BenchError(f"somebody who was there lost the connection: {socket.close_code}")
        if json.loads(text)["type"] == kind:
            return


def people(count: int, ago_s: float = 0.0) -> list[str]:
    """Access tokens of guests, given to them so many seconds ago."""
    ring = TokenRing([SECRET], lambda: (time.time() - ago_s) * 1_000)
    actors = (
        Actor(
            UserId(f"00000000-0000-4000-8000-{n:012}"),
            f"Guest {n}",
            guest=True,
            session=f"00000000-0000-4000-9000-{n:012}",
        )
        for n in range(count)
    )
    return [ring.issue(actor) for actor in actors]


def open_rooms(port: int, tokens: list[str]) -> list[str]:
    """The codes of rooms, one of each of these people."""
    codes = []
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http:
        for token in tokens:
            headers = {"Authorization": f"Bearer {token}"}
            made = http.post("/api/rooms/create/", json={"name": "Bench"}, headers=headers)
            made.raise_for_status()
            codes.append(made.json()["code"])
    return codes
