"""`roomd serve --processes 2`: two processes are one server, whatever happens to either."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from no_tls import NO_TLS
from prometheus_client.parser import text_string_to_metric_families
from serve_client import Client
from serve_fixtures import Process, guest, make_room

WAIT_S = 60.0


async def until(what: Callable[[], Any] | Callable[[], Awaitable[Any]]) -> Any:
    """Wait until it is true; what it is then."""
    async with asyncio.timeout(WAIT_S):
        while True:
            asked = what()
            if found := await asked if isinstance(asked, Awaitable) else asked:
                return found
            await asyncio.sleep(0.02)


async def start(process: Process, **more: str) -> None:
    await process.start(ROOMD_PROCESSES="2", **more)
    await until(lambda: "roomd is ready" in process.log)


def pids(process: Process) -> dict[int, int]:
    """The newest process under each number."""
    return {int(number): int(pid) for number, pid in re.findall(r"process (\d+) serves, as (\d+)", process.log)}


def descendants(pid: int) -> set[int]:
    children = (Path(f"/proc/{pid}/task/{pid}") / "children").read_text().split()
    return {int(child) for child in children}.union(*(descendants(int(child)) for child in children))


def alive(pid: int) -> bool:
    """Whether it runs; one that has ended and that nobody has asked about does not."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def metrics(process: Process) -> dict[str, dict[str, float]]:
    """Each metric's value by the process that it is of."""
    async with httpx.AsyncClient(verify=NO_TLS, trust_env=False, timeout=5) as http:
        text = (await http.get(f"{process.address}/metrics")).text
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[sample.labels["process"]] = sample.value
    return found


async def health(process: Process) -> dict[str, Any]:
    async with httpx.AsyncClient(verify=NO_TLS, trust_env=False, timeout=5) as http:
        return dict((await http.get(f"{process.address}/api/health/")).json())


async def people_in_a_room(process: Process, *names: str) -> tuple[str, list[dict[str, Any]]]:
    async with httpx.AsyncClient(base_url=process.address, verify=NO_TLS, trust_env=False) as http:
        people = [await guest(http, name) for name in names]
        return str((await make_room(http, people[0]))["code"]), people


class Watcher(Client):
    """A client that keeps in mind whose last socket was closed."""

    def __init__(self, process: Process, person: dict[str, Any], code: str) -> None:
        super().__init__(process, person, code)
        self.away: set[str] = set()

    async def take(self, message: dict[str, Any]) -> None:
        await super().take(message)
        for event in message.get("events", ()):
            if event["type"] == "presence":
                (self.away.discard if event["online"] else self.away.add)(event["user"])


async def client_in(process: Process, number: int, person: dict[str, Any], code: str) -> Watcher:
    """A client whose connection is to that process: the kernel decides, so it is tried until it is."""
    while True:
        before = (await metrics(process))["roomd_sockets"][str(number)]
        client = Watcher(process, person, code)
        await client.connect()
        if (await metrics(process))["roomd_sockets"][str(number)] > before:
            return client
        assert client.raw is not None
        await client.raw.bye()


@pytest.mark.gen_test(timeout=150)
async def test_two_processes_are_one_server(process: Process) -> None:
    await start(process)
    assert process.log.count("roomd is ready") == 1
    code, (alice, bob) = await people_in_a_room(process, "Alice", "Bob")
    clients = [await client_in(process, 1, alice, code), await client_in(process, 2, bob, code)]
    told = await health(process)
    assert told["processes"] == {"wanted": 2, "answering": 2}
    await until(lambda: _has_sockets(process, {"1": 1, "2": 1}))
    assert (await health(process))["sockets"] == 2
    for n in range(10):
        for name, client in zip("ab", clients, strict=True):
            await client.say(f"{name}{n}")
    said = {f"{name}{n}" for name in "ab" for n in range(10)}
    await asyncio.gather(*(client.settle() for client in clients))
    while not all(said <= set(client.lines) for client in clients):
        for client in clients:
            if not said <= set(client.lines):
                await client.take(await _message(client))
    first, second = ([line for line in client.lines if line in said] for client in clients)
    assert first == second
    # Commits are told to a process by the number, so whoever came later has the same ones from there on.
    assert clients[0].revs[-len(clients[1].revs) :] == clients[1].revs
    assert re.search(r"\[1\] roomd\.", process.log) and re.search(r"\[2\] roomd\.", process.log)
    began = time.monotonic()
    children = descendants(_parent(process))
    codes = await asyncio.gather(process.end(signal.SIGTERM), *(client.raw.closed() for client in clients))  # type: ignore[union-attr]
    assert codes == [0, 1012, 1012]
    assert time.monotonic() - began < 10
    assert len(children) >= 4 and not any(alive(pid) for pid in children)
    assert not re.search("Traceback|ERROR|WARNING|eyJ", process.log), process.log


async def _has_sockets(process: Process, wanted: dict[str, int]) -> bool:
    return (await metrics(process))["roomd_sockets"] == wanted


async def _message(client: Client) -> dict[str, Any]:
    assert client.raw is not None
    message = await client.raw.next()
    assert message is not None
    return dict(message)


def _parent(process: Process) -> int:
    assert process.running is not None
    return process.running.pid


@pytest.mark.gen_test(timeout=150)
async def test_a_process_that_dies_takes_nobodys_room_with_it(process: Process) -> None:
    """Killed with 30 lines under way: each is there once, and another process is started; Bob is seen to be gone."""
    await start(process)
    code, people = await people_in_a_room(process, "Alice", "Bob", "Carol", "Dave")
    alice, bob, carol, dave = [await client_in(process, 2 - (n == 3), each, code) for n, each in enumerate(people)]
    victim, said = pids(process)[2], [f"{name}{n}" for n in range(15) for name in "ac"]
    listening = [asyncio.create_task(client.listen()) for client in (alice, bob, carol)]
    for line in said[:10]:
        await (alice if line[0] == "a" else carol).say(line)
    await until(lambda: alice.acknowledged and carol.acknowledged)
    for line in said[10:]:
        await (alice if line[0] == "a" else carol).say(line)
    os.kill(victim, signal.SIGKILL)
    await asyncio.gather(*listening)
    assert alice.waiting or carol.waiting
    for client in (alice, carol):
        assert await _again(client)
        await client.settle()
    while not set(said) <= set(dave.lines):
        await dave.take(await _message(dave))
    assert dave.revs == list(range(dave.revs[0], dave.revs[0] + len(dave.revs)))
    assert sorted(line for line in dave.lines if line in said) == sorted(said)
    await until(lambda: pids(process)[2] != victim)
    assert "process 2 was ended by SIGKILL; another is started in 0.1 s" in process.log
    assert (await health(process))["processes"] == {"wanted": 2, "answering": 2}
    # Bob does not come back. Nobody waits for the lease of the dead process to run out: the other one is told.
    while people[1]["id"] not in dave.away:
        await dave.take(await _message(dave))
    assert re.search(r"\[1\] roomd\.presence: process \w+ died; closing its sockets in 1 rooms", process.log)
    for client in (alice, carol, dave):
        assert client.raw is not None
        await client.raw.bye()


async def _again(client: Client) -> bool:
    """Connect anew; a connection that the dead process had not accepted yet is broken off, and tried again."""
    while True:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            return await client.connect()


@pytest.mark.gen_test(timeout=120)
async def test_nothing_outlives_the_one_that_started_it_and_its_port_is_its_own(process: Process) -> None:
    await start(process)
    for count in ("1", "2"):
        command = [sys.executable, "-m", "roomd", "serve", "--host", "127.0.0.1", "--port", str(process.port)]
        command += ["--processes", count, "--data", str(process.other / "data")]
        second = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, timeout=30, check=False
        )
        assert second.returncode == 1
        assert second.stderr.splitlines() == [
            f"Error: cannot listen on 127.0.0.1:{process.port} (Address already in use); "
            "another program may be using it: set PORT to a free one"
        ]
    assert not (process.other / "data").exists()
    children = descendants(_parent(process))
    assert set(pids(process).values()) < children
    os.kill(pids(process)[2], signal.SIGSTOP)
    assert await process.end(signal.SIGKILL) == -signal.SIGKILL
    await until(lambda: not any(alive(pid) for pid in children))


@pytest.mark.gen_test(timeout=120)
async def test_a_process_that_hangs_holds_up_nobody_who_asks_another_and_is_replaced(process: Process) -> None:
    await start(process)
    hanging = pids(process)[2]
    os.kill(hanging, signal.SIGSTOP)
    # Connections that the kernel gives to the one that hangs are not answered; some go to the other.
    answers: list[dict[str, dict[str, float]]] = []
    async with asyncio.timeout(WAIT_S):
        while not answers:
            tries = await asyncio.gather(*(metrics(process) for _ in range(4)), return_exceptions=True)
            answers = [each for each in tries if isinstance(each, dict)]
    for each in answers:
        assert each["roomd_process_answers"] == {"1": 1.0, "2": 0.0}
        assert set(each["roomd_sockets"]) == {"1"}
    await until(lambda: pids(process)[2] != hanging)
    assert "process 2 does not answer any more, and is killed" in process.log
    await until(lambda: _has_sockets(process, {"1": 0, "2": 0}))


@pytest.mark.gen_test(timeout=120)
async def test_told_to_stop_while_it_starts(process: Process) -> None:
    starting = asyncio.create_task(process.start(ROOMD_PROCESSES="2"))
    await until(lambda: (process.other / "log").exists() and "postgres started" in process.log)
    assert await process.end(signal.SIGTERM) == 0
    with pytest.raises((AssertionError, asyncio.CancelledError)):
        starting.cancel()
        await starting
    assert "roomd is ready" not in process.log and not re.search("Traceback|Error", process.log), process.log


def test_a_server_that_cannot_start_says_why_once(data_dir: Path) -> None:
    away = "redis://127.0.0.1:1", "postgresql://x:y@127.0.0.1:1/x"
    environment = os.environ | {"REDIS_URL": away[0], "DATABASE_URL": away[1], "DEBUG": "true", "WEB_CONCURRENCY": "2"}
    command = [sys.executable, "-m", "roomd", "serve", "--host", "127.0.0.1", "--port", "0", "--data", str(data_dir)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert answer.returncode == 1
    assert answer.stderr.count("cannot start: the database does not answer") == 1, answer.stderr
    assert "Traceback" not in answer.stderr, answer.stderr
