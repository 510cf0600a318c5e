"""The client of all music services: in time, bounded, given up while nobody answers, and careful where it goes."""

import asyncio
import time

import msgspec
import pytest
from hub_world import until
from providers_world import Hands, deezer, upstream
from standins.deezer import deezer_standin

from roomd.catalogue import line
from roomd.catalogue.breaker import OPEN_MS
from roomd.catalogue.upstream import MAX_REDIRECTS, Upstream
from roomd.domain.refusals import NotFound, Unavailable


async def ask(there: Upstream, path: str = "/genre") -> str:
    """How it is refused; "" when it is answered."""
    try:
        assert await there.get(path, msgspec.json.decode, {"limit": 1})
    except Unavailable as refusal:
        return refusal.code
    return ""


@pytest.mark.gen_test(timeout=20)
async def test_it_says_who_it_is_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with deezer_standin() as standin, upstream(standin.url, "Deezer", Hands()) as there:
        assert [await ask(there), await ask(there)] == ["", ""]
        for asked in standin.requests:
            assert {name.lower(): value for name, value in asked.headers.items()} == {
                "host": standin.url.removeprefix("http://"),
                "accept": "application/json",
                "accept-encoding": "identity",
                "connection": "keep-alive",
                "user-agent": "roomd",
            }


@pytest.mark.gen_test(timeout=20)
async def test_a_broken_connection_is_tried_once_more() -> None:
    async with deezer_standin() as standin, upstream(standin.url, "Deezer", Hands()) as there:
        standin.dropping = 1
        assert (await ask(there), len(standin.requests)) == ("", 2)
        standin.dropping = 2
        assert (await ask(there), len(standin.requests)) == ("provider_down", 4)


@pytest.mark.gen_test(timeout=20)
async def test_a_server_that_is_gone_and_back() -> None:
    async with deezer_standin() as standin, upstream(standin.url, "Deezer", Hands()) as there:
        assert await ask(there) == ""
        await standin.vanish()
        assert await ask(there) == "provider_down"
        await standin.appear()
        assert await ask(there) == ""


@pytest.mark.parametrize("broken", ["silent", "endless_body", "endless_list"])
@pytest.mark.gen_test(timeout=20)
async def test_nobody_is_waited_for_and_nothing_read_without_end(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "REQUEST_S", 0.3 if broken == "silent" else 10.0)
    async with deezer_standin() as standin, upstream(standin.url, "Deezer", Hands()) as there:
        standin.broken = broken  # type: ignore[assignment]
        begun = time.monotonic()
        assert await ask(there) == "provider_down"
        assert time.monotonic() - begun < 5
        await asyncio.wait_for(standin.closed.wait(), 5)
        assert len(standin.requests) == 1


@pytest.mark.logs("Deezer does not answer")
@pytest.mark.gen_test(timeout=40)
async def test_requests_that_are_given_up_lose_no_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are 64; each round gives 21 up at the same moment, by their time and because one of three failed."""
    monkeypatch.setattr(line, "REQUEST_S", 0.1)
    hands = Hands()
    async with deezer_standin() as standin, deezer(standin.url, hands) as provider:
        for _ in range(15):
            standin.broken = "silent"
            searches = [provider.search("rain", 3) for _ in range(7)]
            given_up = await asyncio.gather(*searches, return_exceptions=True)
            assert all(isinstance(each, Unavailable) for each in given_up)
            await until(lambda: standin.at_once == 0, "the connections are closed")
            standin.broken = ""
            hands.ms += 2 * OPEN_MS
            assert (await provider.song("12201")).title == "Rain 122"


@pytest.mark.gen_test(timeout=20)
async def test_the_end_does_not_wait_for_requests_under_way() -> None:
    async with deezer_standin() as standin:
        standin.broken = "silent"
        begun = time.monotonic()
        async with upstream(standin.url, "Deezer", Hands()) as there:
            waiting = asyncio.create_task(ask(there))
            await until(lambda: standin.at_once == 1)
        assert await asyncio.gather(waiting, return_exceptions=True)
        await until(lambda: standin.at_once == 0)
        assert time.monotonic() - begun < 3


@pytest.mark.gen_test(timeout=20)
async def test_slow_is_not_silent() -> None:
    async with deezer_standin() as standin, upstream(standin.url, "Deezer", Hands()) as there:
        standin.slow_s = 0.3
        assert await ask(there) == ""


@pytest.mark.gen_test(timeout=20)
async def test_redirects_stay_on_the_host() -> None:
    async with (
        deezer_standin() as standin,
        deezer_standin() as other,
        upstream(other.url, "Deezer", Hands()) as there,
    ):
        for target in (standin.url, standin.url.replace("127.0.0.1", "localhost"), "http://169.254.169.254"):
            other.redirect_to = f"{target}/genre"
            assert await ask(there) == "provider_down"
        assert standin.requests == []
        before = len(other.requests)
        other.redirect_to = "/genre"  # A circle.
        assert await ask(there) == "provider_down"
        assert len(other.requests) - before <= 1 + MAX_REDIRECTS


@pytest.mark.gen_test(timeout=20)
async def test_a_redirect_on_the_host_is_followed() -> None:
    async with deezer_standin() as standin, upstream(f"{standin.url}/old", "Deezer", Hands()) as there:
        standin.moved = {"/old/genre": "/genre"}
        assert await ask(there) == ""


@pytest.mark.gen_test(timeout=20)
async def test_what_is_not_there_by_its_status() -> None:
    async with deezer_standin() as standin, upstream(standin.url, "Deezer", Hands()) as there:
        standin.status = 404
        with pytest.raises(NotFound):
            await there.get("/genre", msgspec.json.decode, absent=NotFound("Not there.", "no_such_track"))
        assert await ask(there) == "provider_down"
