"""A server and people for it; what they leave behind is looked at when the test is over."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser_world import Person, Roomd, launch
from playwright.sync_api import Browser, sync_playwright
from serving import make_wav


@pytest.fixture
def roomd(data_dir: Path, tmp_path: Path) -> Iterator[Roomd]:
    """roomd with two long pieces of music, in a process of its own."""
    make_wav(tmp_path / "Carol Example - Long Walk.wav", 240.0)
    make_wav(tmp_path / "Carol Example - Brook.wav", 180.0)
    server = Roomd(data_dir, tmp_path)
    server.start()
    yield server
    assert server.end(signal.SIGTERM) == 0


@pytest.fixture
def invite() -> Iterator[Callable[..., Person]]:
    """Gives people a browser each, or a share of one where they want the same of it, which spares a second of a core.

    `alone=True`: one that nobody else uses. Whatever a browser complained of fails the test.
    """
    everybody: list[Person] = []
    shared: dict[tuple[str, ...], Browser] = {}
    with sync_playwright() as playwright:

        def launched(name: str, *flags: str, alone: bool = False, **context: object) -> Person:
            browser = None if alone else shared.get(flags)
            everybody.append(launch(playwright, name, *flags, browser=browser, **context))
            if not alone:
                shared[flags] = everybody[-1].browser
            return everybody[-1]

        yield launched
        for browser in {person.browser for person in everybody}:
            browser.close()
    complaints = {person.name: person.faults for person in everybody if person.faults}
    assert not complaints
