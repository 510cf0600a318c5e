"""The native WebSocket, as docs/protocol.md describes it, on a whole server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Served, serving
from tornado.ioloop import IOLoop


@pytest.fixture
def served(io_loop: IOLoop, redis_url: str, database_url: str, data_dir: Path) -> Iterator[Served]:
    running = serving(redis_url, database_url, data_dir)
    yield io_loop.run_sync(running.__aenter__)
    io_loop.run_sync(lambda: running.__aexit__(None, None, None))


@pytest.mark.gen_test(timeout=30)
async def test_two_people_hear_of_the_same_things_in_the_same_order(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    host, guest = await served.enter(alice, code), await served.enter(bob, code)
    await host.until(type="state")
    assert [m["name"] for m in (await guest.until(type="state"))["room"]["members"]] == ["Alice", "Bob"]
    assert (await guest.do("say", text="hello"))["type"] == "ack"
    assert (await host.until_event("said"))["message"]["text"] == "hello"
    refused = await guest.do("next")
    assert (refused["code"], refused["retriable"]) == ("forbidden", False)
