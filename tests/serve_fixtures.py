"""`roomd serve` as people run it: a process of its own on stores of its own, to be stopped and started again."""

# ruff: noqa: ASYNC220 - nothing else is waiting for these tests' loops

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from no_tls import NO_TLS

READY_S = 60.0


class Process:
    """A server on a data folder; it may be ended and started again on the same port."""

    def __init__(self, data: Path, other: Path) -> None:
        self.data, self.other = data, other
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.running: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, **more: str) -> None:
        """`more` is added to its environment."""
        command = [sys.executable, "-m", "roomd", "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--data", str(self.data), "--music", str(self.other)]
        stores = (
            "REDIS_URL",
            "DATABASE_URL",
            "DYNO",
            "PORT",
            "ROOMD_ENV",
            "SECRET_KEY",
            "ROOMD_PROCESSES",
            "WEB_CONCURRENCY",
        )
        environment = {key: value for key, value in os.environ.items() if key not in stores}
        environment |= {"ROOMD_LIMITS": "off"} | more
        with (self.other / "log").open("ab") as log:
            self.running = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        async with asyncio.timeout(READY_S), httpx.AsyncClient(verify=NO_TLS, trust_env=False) as http:
            while True:
                assert self.running.poll() is None, self.log
                try:
                    if (await http.get(f"{self.address}/api/health/")).status_code == 200:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.02)

    @property
    def log(self) -> str:
        return (self.other / "log").read_text()

    async def end(self, number: signal.Signals) -> int:
        assert self.running is not None
        self.running.send_signal(number)
        return await asyncio.to_thread(self.running.wait, 30)


@pytest.fixture
def process(data_dir: Path, tmp_path: Path) -> Iterator[Process]:
    served = Process(data_dir, tmp_path)
    yield served
    if served.running is not None and served.running.poll() is None:
        served.running.terminate()
        served.running.wait(30)


async def guest(http: httpx.AsyncClient, name: str) -> dict[str, Any]:
    answer = (await http.post("/api/auth/guest/", json={"name": name})).json()
    return {"id": answer["user"]["id"], "token": answer["access_token"]}


async def make_room(http: httpx.AsyncClient, host: dict[str, Any]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {host['token']}"}
    return dict((await http.post("/api/rooms/create/", json={"name": "Friday"}, headers=headers)).json())
