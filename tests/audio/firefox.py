"""A Firefox of our own, steered over WebDriver BiDi: one WebSocket, a handful of commands."""

import asyncio
import contextlib
import itertools
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

from audio.tab import TabError

#: Sound without a gesture; nothing looked up, updated or reported anywhere.
_PREFERENCES: dict[str, bool | int | str] = {
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    # Whatever it may want elsewhere meets a closed port.
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.no_proxies_on": "127.0.0.1",
}
_LISTENING = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")
#: Seconds within which it starts, answers or ends.
_PATIENCE_S = 30.0


def firefox_path() -> str | None:
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    """One tab of it."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._context = ""

    async def begin(self) -> None:
        await self._ask("session.new", capabilities={})
        tree = await self._ask("browsingContext.getTree")
        self._context = tree["contexts"][0]["context"]

    async def go(self, url: str) -> None:
        await self._ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def evaluate(self, expression: str) -> Any:
        """What a JavaScript expression, or the promise that it gives, comes to; as JSON has it."""
        text = f"(async () => JSON.stringify((await ({expression})) ?? null))()"
        target = {"context": self._context}
        answer = await self._ask("script.evaluate", expression=text, target=target, awaitPromise=True)
        if answer["type"] != "success":
            raise TabError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    async def _ask(self, method: str, **params: Any) -> Any:
        number = next(self._ids)
        await self._socket.write_message(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            try:
                text = await asyncio.wait_for(self._socket.read_message(), _PATIENCE_S)
            except TimeoutError:
                raise TabError(f"Firefox does not answer {method}") from None
            if text is None:
                raise TabError(f"Firefox went away during {method}")
            answer = json.loads(text)
            if answer.get("id") != number:
                continue
            if answer["type"] == "error":
                raise TabError(f"{method}: {answer['message']}")
            return answer["result"]


@contextlib.asynccontextmanager
async def firefox(folder: Path, env: dict[str, str]) -> AsyncIterator[Firefox]:
    """Runs it with a profile of its own in that folder, which is made. Raises TabError."""
    path = firefox_path()
    if path is None:
        raise TabError("there is no Firefox; on Debian: apt install firefox-esr")
    _prepare(folder)
    process = await asyncio.create_subprocess_exec(
        *(path, "--headless", "--no-remote", "--remote-debugging-port=0", "--profile", str(folder)),
        env=os.environ | {"HOME": str(folder)} | env,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        address = await asyncio.wait_for(_address(process.stderr), _PATIENCE_S)
        rest = asyncio.create_task(_drain(process.stderr))
        tab = Firefox(await websocket_connect(f"{address}/session"))
        await tab.begin()
        yield tab
        rest.cancel()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await asyncio.wait_for(process.wait(), _PATIENCE_S)


def _prepare(folder: Path) -> None:
    folder.mkdir()
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _PREFERENCES.items())
    (folder / "user.js").write_text("\n".join(lines), encoding="utf-8")


async def _address(stream: asyncio.StreamReader) -> str:
    async for line in stream:
        if found := _LISTENING.search(line):
            return found[1].decode()
    raise TabError("Firefox ended before it could be steered")


async def _drain(stream: asyncio.StreamReader) -> None:
    """Read on, so that it never waits for somebody to read what it complains of."""
    async for _ in stream:
        pass
