"""What every test may use: a real Redis and a real PostgreSQL for each worker, a folder, and an ear for the log.

The two stores are started once per pytest worker by roomd's own supervisor, on sockets in a folder in /tmp. They
are tied to this process, so they end with it even when it is killed.
"""

import asyncio
import logging
import re
import shutil
import tempfile
import threading
from collections.abc import Coroutine, Generator, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from clean_database import CleanDatabase
from order import arranged
from serving import Served, leave, serving
from stillness import Stillness
from tornado.ioloop import IOLoop

from roomd.embedded import Stores, stores
from roomd.settings import Settings

pytest_plugins = ["browser_fixtures", "redis_fixtures", "serve_fixtures"]

T = TypeVar("T")

#: Starting both takes 0.7 s; a machine busy with other workers may need much longer.
_LIMIT_S = 60.0
#: Seconds of standing still, from which on limits of time that were missed say nothing; and what is logged then.
STILL_S = 0.5
_STALLED = "does not answer|no answer for|waits: The room store"
#: Whether a test was skipped; then what it would have logged is not missed.
_SKIPPED = pytest.StashKey[bool]()

stillness = Stillness()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "logs(*patterns, maybe=None): regular expressions for the log records of level WARNING and above that the test "
        "is to cause. Each must be found in at least one, and no other record may come but what `maybe` describes",
    )
    # Where nobody has said so, asyncio makes a loop when it is asked for the current one. Nobody would close that, and
    # the warning about it fails whatever test is running when it is collected.
    asyncio.set_event_loop(None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = arranged(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[_SKIPPED] = report.skipped or item.stash.get(_SKIPPED, False)
    return report


class Background:
    """An event loop in a thread of its own, so that what fixtures await does not meddle with the test's loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fixtures", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_LIMIT_S)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Heard(logging.Handler):
    """Every record of level WARNING and above, as `logger: message`."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        # Tornado warns of every answer of 4xx, which is what the client did and no surprise to us.
        if record.name != "tornado.access" or record.levelno > logging.WARNING:
            fault = f" ({record.exc_info[1]!r})" if record.exc_info else ""
            self.said.append(f"{record.name}: {record.getMessage()}{fault}")


@pytest.fixture(autouse=True)
def no_surprises(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that logs a warning or worse, unless it says so with `@pytest.mark.logs`."""
    marks = list(request.node.iter_markers("logs"))
    expected = [pattern for mark in marks for pattern in mark.args]
    maybe = [mark.kwargs["maybe"] for mark in marks if "maybe" in mark.kwargs]
    heard = Heard()
    stillness.begin()
    logging.getLogger().addHandler(heard)
    yield
    logging.getLogger().removeHandler(heard)
    allowed = [*expected, *maybe, *([_STALLED] if stillness.longest() > STILL_S else [])]
    surprises = [line for line in heard.said if not any(re.search(pattern, line) for pattern in allowed)]
    missed = [pattern for pattern in expected if not any(re.search(pattern, line) for line in heard.said)]
    if surprises:
        pytest.fail("logged unexpectedly:\n" + "\n".join(surprises), pytrace=False)
    if missed and not request.node.stash.get(_SKIPPED, False):
        pytest.fail(f"expected in the log, but not there: {missed}; heard {heard.said}", pytrace=False)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A private, empty folder with a short path, fit to be ROOMD_DATA_DIR: /tmp is open to the stores' user."""
    yield from _short_folder()


@pytest.fixture(scope="session")
def background() -> Iterator[Background]:
    thread = Background()
    yield thread
    thread.close()


@pytest.fixture(scope="session")
def store_urls(background: Background) -> Iterator[Stores]:
    """This worker's Redis and PostgreSQL. They keep nothing on disk for sure, which makes them quick."""
    for folder in _short_folder():
        lost: list[str] = []
        running = stores(Settings(data_dir=folder), lost.append, durable=False)
        yield background.run(_enter(running))
        background.run(_leave(running))
        assert not lost


@pytest.fixture(scope="session")
def clean_database(store_urls: Stores, background: Background) -> Iterator[CleanDatabase]:
    database = CleanDatabase(store_urls.database_url)
    background.run(database.begin())
    yield database
    background.run(database.end())


@pytest.fixture
def database_url(clean_database: CleanDatabase, background: Background) -> Iterator[str]:
    """A database that no other test uses meanwhile, migrated and otherwise empty."""
    yield clean_database.url
    background.run(clean_database.clean())


@pytest.fixture
def served(io_loop: IOLoop, redis_url: str, database_url: str, data_dir: Path) -> Iterator[Served]:
    """A whole server, with two pieces of music in its folder."""
    running = serving(redis_url, database_url, data_dir)
    yield io_loop.run_sync(running.__aenter__)
    leave(io_loop, running)


def _short_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="rd-", dir=Path("/tmp").resolve()))
    yield folder
    shutil.rmtree(folder)


async def _enter(running: Any) -> Stores:
    urls: Stores = await running.__aenter__()
    return urls


async def _leave(running: Any) -> None:
    await running.__aexit__(None, None, None)
