"""What `roomd doctor` says of stores of roomd's own: beside a server, without one, and where they cannot be run."""

# ruff: noqa: ASYNC240 - nothing else is waiting for these tests' loops

import asyncio
import contextlib
import fcntl
import signal
import time
from pathlib import Path

import httpx
import pytest
from doctor_world import free_port, run_doctor, states, the
from serve_fixtures import Process, guest, make_room

from roomd.doctor import stores
from roomd.doctor.lines import Line, State
from roomd.settings import Settings


@pytest.mark.gen_test(timeout=30)
async def test_programs_that_are_missing(data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir, redis_binary=Path("/nowhere/redis-server"))
    lines = await stores.look(settings)
    missing = the(lines, "redis", "answers")
    assert missing.state is State.FAIL
    assert missing.fix.startswith("ROOMD_REDIS_BIN: ")
    assert the(lines, "postgresql", "program").state is State.OK
    assert list(data_dir.iterdir()) == []


@pytest.mark.gen_test(timeout=30)
async def test_a_folder_that_another_postgresql_made(data_dir: Path) -> None:
    """Its data are not ours to touch; the Redis that is given is looked at all the same."""
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres" / "PG_VERSION").write_text("9\n")
    settings = Settings(data_dir=data_dir, redis_url=f"redis://127.0.0.1:{free_port()}")
    lines = await stores.look(settings)
    assert states(lines) == {"postgresql/answers": "fail", "redis/answers": "fail"}
    assert "PostgreSQL 9" in str(the(lines, "postgresql", "answers"))
    assert (data_dir / "postgres" / "PG_VERSION").read_text() == "9\n"


@pytest.mark.gen_test(timeout=30)
async def test_a_store_of_its_own_that_does_not_come_up(data_dir: Path) -> None:
    """It is given its time, and ended."""
    data_dir.chmod(0o755)  # so that the stores' user can run it
    program = data_dir / "redis-server"
    program.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Redis server v=7.2.4" || exec sleep 300\n')
    program.chmod(0o755)
    data = data_dir / "data"
    (data / "redis").mkdir(parents=True, mode=0o700)
    data.chmod(0o700)
    settings = Settings(data_dir=data, redis_binary=program, database_url=f"postgres://127.0.0.1:{free_port()}/x")
    began = time.monotonic()
    lines = await stores.look(settings)
    assert stores.START_S <= time.monotonic() - began < stores.LIMIT_S
    assert states(lines) == {"redis/answers": "fail", "postgresql/answers": "fail"}
    assert "Not started within" in the(lines, "redis", "answers").fix
    with (data / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert "sleep 300" not in await asyncio.to_thread(_commands_in, data / "redis")


@pytest.mark.gen_test(timeout=120)
async def test_stores_of_its_own_beside_a_server_and_without(process: Process) -> None:
    given = {"ROOMD_DATA_DIR": process.data, "MUSIC_DIR": process.other, "HOST": "127.0.0.1", "PORT": process.port}
    await process.start()
    async with httpx.AsyncClient(base_url=process.address, trust_env=False) as http:
        code = (await make_room(http, await guest(http, "Alice")))["code"]
        beside = await asyncio.to_thread(run_doctor, **given)
        assert beside.code == 0, beside.output
        assert "which is well" in the(beside.lines, "port", "PORT").found
        assert (await http.get(f"/api/rooms/{code}/")).status_code != 404
    _all_own(beside.lines)
    assert await process.end(signal.SIGTERM) == 0
    before = sorted(process.data.iterdir())

    without = await asyncio.to_thread(run_doctor, **given)
    assert without.code == 0, without.output
    _all_own(without.lines)
    assert "is free" in the(without.lines, "port", "PORT").found
    assert sorted(process.data.iterdir()) == before
    assert not (process.data / "postgres" / "postmaster.pid").exists(), "stopped again"

    # And nothing is in the way of the next start.
    await process.start()
    async with httpx.AsyncClient(base_url=process.address, trust_env=False) as http:
        token = (await guest(http, "Bob"))["token"]
        headers = {"Authorization": f"Bearer {token}"}
        joined = await http.post("/api/rooms/join/", json={"room_code": code}, headers=headers)
        assert joined.status_code == 200, joined.text


def _commands_in(folder: Path) -> str:
    """The command lines of the processes that work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink() == folder:
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return "\n".join(found)


def _all_own(lines: list[Line]) -> None:
    for group in ("redis", "postgresql"):
        assert the(lines, group, "answers").found.startswith("roomd's own")
    assert set(states(lines, "redis", "postgresql", "clock").values()) == {"ok"}
    assert the(lines, "redis", "persistence").found == "append-only file"
    assert the(lines, "secret", "SECRET_KEY").found.endswith("(0600)")
