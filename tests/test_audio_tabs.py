"""Steering a browser for `make bench-audio`: WebDriver BiDi, against a stand-in that answers as Firefox does."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from audio.firefox import Firefox, firefox
from audio.room import Room, until
from audio.tab import TabError
from tornado.web import Application
from tornado.websocket import WebSocketHandler, websocket_connect


class Session(WebSocketHandler):
    """One tab, `t1`, in which each expression that holds the name of a fault meets it."""

    async def on_message(self, message: str | bytes) -> None:
        asked = json.loads(message)
        # News that nobody asked for come between.
        await self.write_message(json.dumps({"type": "event", "method": "log.entryAdded", "params": {}}))
        result = self.answer(asked["method"], asked["params"])
        if result is None:
            self.close()
            return
        kind = "error" if "message" in result else "success"
        body = result if kind == "error" else {"result": result}
        await self.write_message(json.dumps({"type": kind, "id": asked["id"]} | body))

    def answer(self, method: str, params: dict[str, Any]) -> dict[str, Any] | None:
        if method == "session.new":
            return {"sessionId": "s1", "capabilities": {}}
        if method == "browsingContext.getTree":
            return {"contexts": [{"context": "t1", "url": "about:blank"}]}
        if method != "script.evaluate" or params["target"] != {"context": "t1"}:
            return {"error": "unknown command", "message": f"no {method} here"}
        if "goAway" in params["expression"]:
            return None
        if "throwUp" in params["expression"]:
            return {"type": "exception", "exceptionDetails": {"text": "Error: thrown up"}}
        return {"type": "success", "result": {"type": "string", "value": json.dumps({"said": [1, None]})}}


@pytest.fixture
def app() -> Application:
    return Application([("/session", Session)])


@asynccontextmanager
async def tab(base_url: str) -> AsyncIterator[Firefox]:
    socket = await websocket_connect(f"{base_url.replace('http', 'ws')}/session")
    made = Firefox(socket)
    await made.begin()
    yield made
    socket.close()


@pytest.mark.gen_test(timeout=10)
async def test_what_a_page_answers_is_given_as_it_is(http_server: object, base_url: str) -> None:
    async with tab(base_url) as made:
        assert await made.evaluate("window.anything") == {"said": [1, None]}
        await until(made, "window.anything")


@pytest.mark.gen_test(timeout=10)
async def test_faults_have_words(http_server: object, base_url: str) -> None:
    async with tab(base_url) as made:
        with pytest.raises(TabError, match="thrown up"):
            await made.evaluate("throwUp()")
        with pytest.raises(TabError, match=r"browsingContext\.navigate: no browsingContext\.navigate here"):
            await made.go("http://127.0.0.1:9/")
        with pytest.raises(TabError, match="went away during script"):
            await made.evaluate("goAway()")


@pytest.mark.gen_test(timeout=10)
async def test_without_a_firefox_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TabError, match="apt install firefox-esr"):
        async with firefox(tmp_path / "profile", {}):
            pass


class Page:
    """A tab that takes note of what it is told, and to which everything is true."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def go(self, url: str) -> None:
        self.told.append(url)

    async def evaluate(self, expression: str) -> Any:
        self.told.append(expression)
        return "Q7K2MX" if "location" in expression else True


@pytest.mark.gen_test(timeout=10)
async def test_those_who_are_to_stumble_begin_each_at_a_place_of_their_own() -> None:
    room = Room("http://127.0.0.1:9", controlled=False, stumble=60.0)
    pages = [Page(), Page(), Page()]
    for page in pages:
        await room.enter(page, "element")
    trims = [json.loads(json.loads(stored(page)))["trim"] for page in pages]
    assert trims == [0.0, 60.0, 120.0]
    assert all(any("player.tick = () => {}" in told for told in page.told) for page in pages)
    assert "http://127.0.0.1:9/r/Q7K2MX" in pages[1].told
    await room.all_play()
    assert all("player.trim = 0" in page.told[-1] for page in pages)


def stored(page: Page) -> str:
    told = next(each for each in page.told if "setItem" in each)
    return told[told.index(", ") + 2 : -1]
