"""What a dyno runs: the Procfile's own commands, with what the platform sets, over stores that speak TLS."""

import asyncio
import json
import os
import re
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from doctor_world import free_port
from raw_socket import raw_socket
from tls_world import before, self_signed

from roomd.settings import names

TOP = Path(__file__).parent.parent
APP = json.loads((TOP / "app.json").read_text(encoding="utf-8"))
READY_S = 60.0


def commands() -> dict[str, str]:
    """The Procfile's, by the kind of dyno."""
    lines = (TOP / "Procfile").read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines if line)


class Dyno:
    """One of these commands, run by a shell as the platform does; SIGTERM goes to every process in it."""

    def __init__(self, kind: str, **environment: str) -> None:
        self.command = commands()[kind]
        # HOME is what it is on a dyno; the folder of our programs is where the buildpack has put them.
        self.environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": "/app"} | environment
        self.output = b""

    async def start(self) -> None:
        self.running = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", self.command),
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.running.stdout is not None
        while data := await self.running.stdout.read(1 << 16):
            self.output += data

    async def ended(self) -> int:
        async with asyncio.timeout(READY_S):
            code = await self.running.wait()
            await self.reading
        return code

    async def stop(self) -> int:
        with suppress(ProcessLookupError):
            os.killpg(self.running.pid, signal.SIGTERM)
        return await self.ended()

    async def run(self) -> int:
        await self.start()
        return await self.ended()


@asynccontextmanager
async def dyno(kind: str, **environment: str) -> AsyncIterator[Dyno]:
    running = Dyno(kind, **environment)
    await running.start()
    try:
        yield running
    finally:
        if running.running.returncode is None:
            await running.stop()


async def serves(running: Dyno, port: int) -> None:
    async with asyncio.timeout(READY_S), httpx.AsyncClient(trust_env=False) as http:
        while True:
            assert running.running.returncode is None, running.output
            with suppress(httpx.TransportError):
                if (await http.get(f"http://127.0.0.1:{port}/api/health/ready/")).json()["status"] == "ready":
                    return
            await asyncio.sleep(0.02)


def generated() -> dict[str, str]:
    """What app.json has the platform set."""
    return {
        name: secrets.token_hex(32) if given.get("generator") == "secret" else given["value"]
        for name, given in APP["env"].items()
        if "generator" in given or "value" in given
    }


@pytest.mark.gen_test(timeout=150)
async def test_release_and_web_as_a_dyno_runs_them(redis_url: str, database_url: str, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    async with before(redis_url, certificate) as redis, before(database_url, certificate) as postgres:
        port = free_port()
        given = generated() | {
            "REDIS_URL": redis,
            "DATABASE_URL": f"{postgres}?sslmode=require",
            "WEB_CONCURRENCY": "2",
            "ROOMD_DATA_DIR": str(tmp_path / "wiped"),
        }
        release = Dyno("release", **given, DYNO="release.1")
        assert await release.run() == 0, release.output
        assert re.search(rb"All \d+ migrations are there", release.output)
        async with dyno("web", **given, DYNO="web.1", PORT=str(port)) as web:
            await serves(web, port)
            await _a_party(port)
            assert await web.stop() == 0
        lines = [line for line in web.output.decode().splitlines() if line.startswith("{")]
        said = [json.loads(line) for line in lines]
        # One process, although the platform has set WEB_CONCURRENCY; and whoever asks is who the router says it is.
        assert not any("process" in line for line in said)
        assert {"method": "POST", "path": "/api/rooms/create/", "status": 201}.items() <= next(
            line.items() for line in said if line.get("path") == "/api/rooms/create/"
        )
        for secret in (given["SECRET_KEY"], "eyJ"):
            assert secret not in web.output.decode()


async def _a_party(port: int) -> None:
    """A room, and somebody in it over a WebSocket."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        forwarded = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
        body = {"room_name": "Movie Night", "user_name": "Alice"}
        made = await http.post("/api/rooms/create/", json=body, headers=forwarded)
        assert made.status_code == 201, made.text
        room: dict[str, Any] = made.json()
        socket = await raw_socket(port, f"/ws/v1/{room['code']}/")
        await socket.say(type="hello", token=room["access_token"])
        await socket.until("state")
        await socket.bye()


@pytest.mark.gen_test(timeout=60)
async def test_a_certificate_that_nobody_vouches_for_is_refused_unless_that_is_said(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    from roomd.domain.refusals import Unavailable
    from roomd.settings import Settings
    from roomd.store import redis_vitals

    certificate = self_signed(tmp_path)
    async with before(redis_url, certificate) as url:
        with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
            await redis_vitals.look(url)
        trusting = Settings(redis_url=url, redis_verify=False).redis_at
        assert trusting is not None
        assert (await redis_vitals.look(trusting)).ping_ms > 0
        # The way for a Redis of one's own: its authority is named, and it is checked.
        assert (await redis_vitals.look(f"{url}?ssl_ca_certs={certificate.certificate}")).ping_ms > 0


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"SECRET_KEY": "k" * 10 + secrets.token_hex(16)}, "attach Redis and PostgreSQL"),
        ({"REDIS_URL": "redis://r.example", "DATABASE_URL": "postgres://p.example/x"}, "SECRET_KEY is not set"),
        (
            {
                "REDIS_URL": "redis://r.example",
                "DATABASE_URL": "postgres://p.example/x",
                "SECRET_KEY": "change-me-in-production-please-please",
            },
            "well-known default",
        ),
    ],
)
@pytest.mark.gen_test(timeout=60)
async def test_a_dyno_that_cannot_be_is_one_line(environment: dict[str, str], words: str) -> None:
    web = Dyno("web", DYNO="web.1", PORT="0", DEBUG="true", **environment)
    assert await web.run() == 1
    (line,) = web.output.decode().splitlines()
    assert words in line


def test_the_files_of_the_platform() -> None:
    assert set(commands()) == {"release", "web"}
    assert {name.split(":")[0] for name in APP["addons"]} == {"heroku-postgresql", "heroku-redis"}
    assert APP["env"]["SECRET_KEY"] == {"description": APP["env"]["SECRET_KEY"]["description"], "generator": "secret"}
    assert set(APP["env"]) <= set(names())
    # Nothing is needed that neither has a value nor is made.
    assert all({"value", "generator"} & set(each) or each["required"] is False for each in APP["env"].values())
    assert re.fullmatch(r"3\.1[1-4]\n", (TOP / ".python-version").read_text(encoding="utf-8"))
    requirements = (TOP / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in requirements if not line.startswith("#")] == ["."]
