"""How a server ends under thousands of open sockets: python scripts/bench_drain.py [SOCKETS [ROOMS]]

Starts `roomd serve` on stores of its own in a temporary folder, opens that many idle sockets (3,000 in 100 rooms) and
sends SIGTERM. Prints when readiness turned, when clients were told, how their coming back is spread, when it ended.
"""

import asyncio
import contextlib
import json
import os
import resource
import signal
import socket
import struct
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

#: Sockets that one guest may have open in a room, and that are opened at the same time.
EACH = 10
AT_ONCE = 50


@dataclass
class Idle:
    """A client that has entered and only listens."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    told_at: float = 0.0
    code: int = 1006
    reason: str = ""

    @classmethod
    async def enter(cls, port: int, room: str, token: str) -> "Idle":
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"GET /ws/v1/{room}/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        writer.write(f"{head}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        hello = json.dumps({"type": "hello", "token": token}).encode()
        writer.write(bytes([0x81, 0x80 | 126]) + struct.pack(">H", len(hello)) + bytes(4) + hello)
        idle = cls(reader, writer)
        while b'"state"' not in (await idle._frame())[1][:20]:
            pass
        return idle

    async def listen(self) -> None:
        """Until the server says goodbye, which is answered."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                opcode, payload = await self._frame()
                if opcode == 8:
                    self.told_at = time.monotonic()
                    self.code, self.reason = struct.unpack(">H", payload[:2])[0], payload[2:].decode()
                    self.writer.write(bytes([0x88, 0x82]) + bytes(4) + payload[:2])
                    break
        self.writer.close()

    async def _frame(self) -> tuple[int, bytes]:
        first, size = await self.reader.readexactly(2)
        if size == 126:
            (size,) = struct.unpack(">H", await self.reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", await self.reader.readexactly(8))
        return first & 15, await self.reader.readexactly(size)


async def fill(port: int, sockets: int, rooms: int) -> list[Idle]:
    turns = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http:
        host = (await http.post("/api/auth/guest/", json={"name": "Alice"})).json()["access_token"]
        headers = {"Authorization": f"Bearer {host}"}
        made = [await http.post("/api/rooms/create/", json={"name": "Friday"}, headers=headers) for _ in range(rooms)]
        codes = [answer.json()["code"] for answer in made]
        guests = [(await http.post("/api/auth/guest/", json={})).json()["access_token"] for _ in range(sockets // EACH)]

    async def enter(number: int) -> Idle:
        async with turns:
            guest = number // EACH
            return await Idle.enter(port, codes[guest % rooms], guests[guest])

    return list(await asyncio.gather(*(enter(number) for number in range(len(guests) * EACH))))


@dataclass
class Readiness:
    """Asked every 5 ms over one connection: when it turned to 503, and the longest that it took to be answered."""

    turned_at: float = 0.0
    longest_s: float = 0.0

    async def watch(self, port: int) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http:
            with contextlib.suppress(httpx.TransportError):
                while True:
                    asked = time.monotonic()
                    answer = await http.get("/api/health/ready/")
                    self.longest_s = max(self.longest_s, time.monotonic() - asked)
                    if answer.status_code == 503 and not self.turned_at:
                        self.turned_at = time.monotonic()
                    await asyncio.sleep(0.005)


async def measure(port: int, process: asyncio.subprocess.Process, idle: list[Idle]) -> None:
    readiness = Readiness()
    listening = [asyncio.create_task(each.listen()) for each in idle]
    listening.append(asyncio.create_task(readiness.watch(port)))
    await asyncio.sleep(1)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code, *_ = await asyncio.gather(process.wait(), *listening)
    took = time.monotonic() - began
    told = sorted(each.told_at - began for each in idle if each.told_at)
    waits = sorted(int(each.reason) for each in idle if each.reason.isdecimal())
    turned_ms, longest_ms = (readiness.turned_at - began) * 1_000, readiness.longest_s * 1_000
    print(f"readiness 503 after {turned_ms:.0f} ms, answered within {longest_ms:.0f} ms throughout")
    print(f"{sum(each.code == 1012 for each in idle)} of {len(idle)} told 1012, the last after {told[-1]:.2f} s")
    print(f"to come back after {waits[0]} to {waits[-1]} ms, the median {waits[len(waits) // 2]}")
    print(f"exit {code} after {took:.2f} s")


async def main(sockets: int, rooms: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="rd-", dir="/tmp") as name:
        folder, port = Path(name), free_port()
        os.chmod(folder, 0o755)  # noqa: PTH101 - the stores' own user has to pass through
        env = {
            "PATH": os.environ["PATH"],
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "ROOMD_DATA_DIR": str(folder / "d"),
            "ROOMD_LIMITS": "off",
        }
        with (folder / "log").open("wb") as log:
            command = (sys.executable, "-m", "roomd", "serve")
            process = await asyncio.create_subprocess_exec(*command, env=env, stdout=log, stderr=log)
        try:
            await ready(port)
            began = time.monotonic()
            idle = await fill(port, sockets, rooms)
            print(f"{len(idle)} sockets in {rooms} rooms, opened in {time.monotonic() - began:.1f} s")
            await measure(port, process, idle)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def ready(port: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        while True:
            with contextlib.suppress(httpx.TransportError):
                await http.get(f"http://127.0.0.1:{port}/api/health/ready/")
                return
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]]
    asyncio.run(main(*given, *[3_000, 100][len(given) :]))
