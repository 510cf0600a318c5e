"""The log: lines for people, objects for programs, whose request it was, and nothing that is secret."""

import asyncio
import json
import logging
import os
import pty
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from doctor_world import free_port
from no_tls import NO_TLS
from raw_socket import raw_socket

from roomd.logs import Lines, Objects, scrubbed
from roomd.tracing import REQUEST

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"
CANARY = "canary-that-nobody-may-see"


@pytest.mark.parametrize(
    ("said", "written"),
    [
        (f"no good: {TOKEN}", "no good: …"),
        (f"GET /ws/room/x/?token={TOKEN}&y=1", "GET /ws/room/x/?token=…&y=1"),
        ("GET /ws/room/x/?Token=abc", "GET /ws/room/x/?Token=…"),
        ("Authorization: Bearer abc-1", "Authorization: Bearer …"),
        ("redis://alice:pass%2Fword@redis.example:6379/0 away", "redis://…@redis.example:6379/0 away"),
        ("/media/1.mp3?exp=1&sig=abc", "/media/1.mp3?exp=1&sig=…"),
        ("password=sesame, ticket=abc", "password=…, ticket=…"),
        ("http://nas.example:4533/rest at 10:30", "http://nas.example:4533/rest at 10:30"),
        ("a room named bearer of news", "a room named bearer … news"),
    ],
)
def test_what_is_taken_out(said: str, written: str) -> None:
    assert scrubbed(said) == written


def record(message: str, *arguments: object, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("roomd.hub", logging.WARNING, __file__, 1, message, arguments, None)
    vars(made).update(more)
    return made


def test_a_record_is_one_line_whatever_is_quoted_in_it() -> None:
    quoted = record("skipped %s", "a\n2026-01-01 00:00:00 ERROR roomd: all is lost\r")
    assert len(Lines("[2] ").format(quoted).splitlines()) == 1
    assert len(Objects().format(quoted).splitlines()) == 1


def test_objects() -> None:
    token = REQUEST.set("0123abcd")
    try:
        said: dict[str, Any] = json.loads(Objects("[2] ").format(record("%d wait", 3, status=200, path=Path("/x"))))
    finally:
        REQUEST.reset(token)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", said.pop("time"))
    told = {"level": "warning", "logger": "roomd.hub", "message": "3 wait", "process": 2, "request": "0123abcd"}
    assert said == told | {"status": 200, "path": "/x"}


def test_a_fault_is_told_whole() -> None:
    no_good = ValueError(f"no good: {TOKEN}")
    fault = record("failed", exc_info=(ValueError, no_good, None))
    said = json.loads(Objects().format(fault))
    assert said["fault"].endswith("ValueError: no good: …")
    assert "request" not in json.loads(Objects().format(record("x")))
    assert Lines().format(fault).endswith("ValueError: no good: …")


class Serving:
    """`roomd serve` over these stores, with its output."""

    def __init__(self, **environment: str) -> None:
        self.port = free_port()
        self.environment = environment

    async def __aenter__(self) -> "Serving":
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        given = kept | {"HOST": "127.0.0.1", "PORT": str(self.port)} | self.environment
        self.running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "roomd", "serve"),
            env=given,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._output: list[bytes] = []
        self._reading = asyncio.create_task(self._read())
        async with asyncio.timeout(60), httpx.AsyncClient(verify=NO_TLS, trust_env=False) as http:
            while True:
                assert self.running.returncode is None, self.output
                with suppress(httpx.TransportError):
                    if (await http.get(f"http://127.0.0.1:{self.port}/api/health/ready/")).status_code == 200:
                        return self
                await asyncio.sleep(0.02)

    async def __aexit__(self, *_: object) -> None:
        if self.running.returncode is None:
            self.running.terminate()
        async with asyncio.timeout(30):
            await self.running.wait()
            await self._reading

    @property
    def output(self) -> str:
        return b"".join(self._output).decode()

    async def _read(self) -> None:
        assert self.running.stdout is not None
        while data := await self.running.stdout.read(1 << 16):
            self._output.append(data)


@pytest.mark.gen_test(timeout=90)
async def test_a_server_says_nothing_that_is_secret(redis_url: str, database_url: str, data_dir: Path) -> None:
    """With everything logged; and SIGHUP, by which some ask for settings to be read again, ends nothing."""
    given = {
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url,
        "SECRET_KEY": f"{CANARY}-0123456789abcdef",
        "ROOMD_METRICS_TOKEN": f"{CANARY}-metrics",
        "ROOMD_ADMIN_EMAIL": "host@party.example",
        "ROOMD_ADMIN_PASSWORD": f"{CANARY}-admin",
        "ROOMD_DATA_DIR": str(data_dir),
        "ROOMD_LOG": "json",
        "DEBUG": "true",
    }
    async with Serving(**given) as server:
        tokens = await _use_every_secret(server.port)
        environment = os.environ | {"PORT": str(server.port), "HOST": "127.0.0.1"}
        live = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "roomd", "doctor", "--live"), env=environment, stdout=asyncio.subprocess.PIPE
        )
        told, _ = await live.communicate()
        assert (live.returncode, told) == (0, f"ok: 127.0.0.1:{server.port} answers 200\n".encode())
        server.running.send_signal(signal.SIGHUP)
        async with asyncio.timeout(20):
            while "SIGHUP: nothing is read again" not in server.output:  # noqa: ASYNC110 - a pipe sets no Event
                await asyncio.sleep(0.02)
    assert server.running.returncode == 0
    lines = [json.loads(line) for line in server.output.splitlines() if line.startswith("{")]
    assert len(lines) > 15
    for secret in (CANARY, "eyJ", *tokens):
        assert secret not in server.output, secret
    # Every request has an id of its own, also where several came over one connection, and pages too.
    requests = [line["request"] for line in lines if line["logger"] == "roomd.access"]
    assert len(set(requests)) == len(requests)
    assert any(line.get("path") == "/" and line["request"] for line in lines)
    # What is asked every few seconds is not worth a line, unless it fails.
    levels = {(line["path"], line["status"], line["level"]) for line in lines if line["logger"] == "roomd.access"}
    assert ("/api/health/ready/", 200, "debug") in levels
    assert ("/", 200, "info") in levels
    by_request = [line for line in lines if line.get("request") == "from-the-test"]
    assert [(line["path"], line["status"]) for line in by_request] == [("/api/auth/login/", 401)]


async def _use_every_secret(port: int) -> list[str]:
    """Everything that takes or gives one; what was given."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        login = {"email": "host@party.example", "password": f"{CANARY}-admin"}
        signed_in = (await http.post("/api/auth/login/", json=login)).json()
        headers = {"Authorization": f"Bearer {signed_in['access_token']}"}
        wrong = login | {"password": f"{CANARY}-wrong"}
        refused = await http.post("/api/auth/login/", json=wrong, headers={"X-Request-ID": "from-the-test"})
        assert (refused.status_code, refused.headers["X-Request-ID"]) == (401, "from-the-test")
        body = {"username": "carol", "email": "carol@party.example", "password": f"{CANARY}-carol"}
        assert (await http.post("/api/accounts/register/", json=body)).status_code == 201
        assert (await http.post("/api/accounts/register/", json=body)).status_code == 400
        door = {"name": "Friday", "entry_mode": "password", "password": f"{CANARY}-door"}
        room = (await http.post("/api/rooms/create/", json=door, headers=headers)).json()
        bob = (await http.post("/api/auth/guest/", json={"name": "Bob"})).json()
        as_bob = {"Authorization": f"Bearer {bob['access_token']}"}
        for password, status in ((f"{CANARY}-no", 403), (f"{CANARY}-door", 200)):
            said = {"room_code": room["code"], "password": password}
            assert (await http.post("/api/rooms/join/", json=said, headers=as_bob)).status_code == status
        await http.get(f"/?token={CANARY}")
        await http.get(f"/metrics?token={CANARY}", headers={"Authorization": f"Bearer {CANARY}-metrics"})
        await http.post("/api/auth/login/", content=f'{{"password": "{CANARY}', headers=headers)
        await http.get("/api/accounts/profile/", headers={"Authorization": f"Bearer {CANARY}"})
        fresh = (await http.post("/api/accounts/token/refresh/", json={"refresh": bob["refresh_token"]})).json()
        native = await raw_socket(port, f"/ws/v1/{room['code']}/")
        await native.say(type="hello", token=bob["access_token"])
        await native.until("state")
        await native.bye()
        dialect = await raw_socket(port, f"/ws/room/{room['code']}/?token={CANARY}")
        await dialect.closed()
        await dialect.bye()
        await http.post("/api/auth/logout/", headers=headers)
        return [signed_in["access_token"], signed_in["refresh_token"], bob["refresh_token"], fresh["access"]]


def test_closing_the_terminal_ends_it() -> None:
    """There SIGHUP means that nobody is there any more."""
    program = """
import asyncio, sys
from roomd.stopping import hear
async def main():
    stop = asyncio.Event()
    hear(stop)
    sys.stdout.write("ready"); sys.stdout.flush()
    await stop.wait()
asyncio.run(main())
"""
    ours, theirs = pty.openpty()
    try:
        command = [sys.executable, "-c", program]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs) as running:
            assert running.stdout is not None
            assert running.stdout.read(5) == b"ready"
            running.send_signal(signal.SIGHUP)
            assert running.wait(20) == 0
    finally:
        os.close(ours)
        os.close(theirs)
