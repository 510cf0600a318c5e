"""Browsers that listen, each with a pair of channels of its own, and all steered alike."""

import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from browser_world import FLAGS, PLAYS_ALOUD, chromium
from playwright.async_api import Error, Page, Playwright

from audio.firefox import firefox
from audio.pulse import Pulse
from audio.tab import Tab, TabError


class ChromiumTab:
    def __init__(self, page: Page) -> None:
        self._page = page

    async def go(self, url: str) -> None:
        await self._page.goto(url)

    async def evaluate(self, expression: str) -> Any:
        try:
            # Inside a function, so that an expression that happens to be one is not called.
            return await self._page.evaluate(f"async () => (await ({expression})) ?? null")
        except Error as fault:
            raise TabError(fault.message) from fault


@contextlib.asynccontextmanager
async def _chromium(playwright: Playwright, env: dict[str, str]) -> AsyncIterator[Tab]:
    browser = await playwright.chromium.launch(
        executable_path=chromium(),
        args=[*FLAGS, PLAYS_ALOUD],
        ignore_default_args=["--mute-audio"],
        env={**os.environ, **env},
    )
    try:
        yield ChromiumTab(await browser.new_page())
    finally:
        await browser.close()


def opened(
    engine: str, ear: int, playwright: Playwright, pulse: Pulse, folder: Path
) -> AbstractAsyncContextManager[Tab]:
    """A browser that plays into that pair of channels: "chromium", or "firefox", whose profile lies in the folder."""
    if engine == "firefox":
        return firefox(folder / f"firefox{ear}", pulse.env(ear))
    return _chromium(playwright, pulse.env(ear))
