"""Servers and people for them; what they leave behind is looked at when the test is over."""

import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser_world import PATIENCE_S, Person, Roomd, launch
from playwright.sync_api import Browser, Playwright, expect, sync_playwright
from serving import make_wav


@pytest.fixture
def roomd(data_dir: Path, tmp_path: Path) -> Iterator[Roomd]:
    """roomd with two long pieces of music, in a process of its own."""
    yield from _with_music(data_dir, tmp_path)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roomd]:
    """The same for all tests of a module, where nobody minds what others did before: it spares each two seconds."""
    with tempfile.TemporaryDirectory(prefix="rd-", dir=Path("/tmp").resolve()) as data:
        yield from _with_music(Path(data), tmp_path_factory.mktemp("music"))


def _with_music(data_dir: Path, music: Path) -> Iterator[Roomd]:
    make_wav(music / "Carol Example - Long Walk.wav", 240.0)
    make_wav(music / "Carol Example - Brook.wav", 180.0)
    server = Roomd(data_dir, music)
    server.start()
    yield server
    assert server.end(signal.SIGTERM) == 0


@pytest.fixture(scope="module")
def browsers() -> Iterator[tuple[Playwright, dict[tuple[str, ...], Browser]]]:
    """The browsers that people of a module's tests share, by their flags."""
    shared: dict[tuple[str, ...], Browser] = {}
    expect.set_options(timeout=PATIENCE_S * 1_000)
    with sync_playwright() as playwright:
        yield playwright, shared
        for browser in shared.values():
            browser.close()


@pytest.fixture
def invite(browsers: tuple[Playwright, dict[tuple[str, ...], Browser]]) -> Iterator[Callable[..., Person]]:
    """Gives people a browser each, or a share of one where they want the same of it, which spares a second of a core.

    `alone=True`: one that nobody else uses. Whatever a browser complained of fails the test.
    """
    playwright, shared = browsers
    everybody: list[Person] = []

    def launched(name: str, *flags: str, alone: bool = False, **context: object) -> Person:
        browser = None if alone else shared.get(flags)
        everybody.append(launch(playwright, name, *flags, browser=browser, **context))
        if not alone:
            shared[flags] = everybody[-1].browser
        return everybody[-1]

    yield launched
    for person in everybody:
        person.context.close()
        if person.browser not in shared.values():
            person.browser.close()
    complaints = {person.name: person.faults for person in everybody if person.faults}
    assert not complaints
