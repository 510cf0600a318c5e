"""Sound whose server breaks off in the middle: what is gone on with, and what is not."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hub_world import until
from test_stream import SOUND, Hall, hall

from roomd.catalogue import resuming
from roomd.catalogue.provider import Source
from roomd.catalogue.resuming import Piece, piece_of

__all__ = ["hall"]

LENGTH = len(SOUND)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resuming, "PAUSES_S", (0.0, 0.0, 0.0))


async def broken_off(made: Hall, url: str) -> None:
    """The listener is told that something is missing."""
    with pytest.raises(httpx.RemoteProtocolError):
        await made.get(url)
    await until(lambda: made.open == 0, "the lane is free")


@pytest.mark.gen_test(timeout=40)
@pytest.mark.parametrize("breaks", [[0], [20_000], [20_000, 1], [9, 9, 9]])
async def test_the_listener_notices_nothing(hall: Callable[..., Any], breaks: list[int]) -> None:
    async with hall() as made:
        url = made.put("song", "/frail/song.mp3")
        made.standin.breaks = list(breaks)
        answer = await made.get(url)
        assert (answer.status_code, answer.content) == (200, SOUND)
        assert answer.headers["Content-Length"] == str(LENGTH)
        begins = [0]
        for after in breaks:
            begins.append(begins[-1] + after)
        rests = [f"bytes={begin}-{LENGTH - 1}" for begin in begins[1:]]
        assert [span for _, span in made.standin.requests] == ["", *rests]
        assert made.standin.headers["If-Range"] == '"one"'
        assert made.box.asked == [("song", False)] + [("song", True)] * (len(breaks) - 1)
        assert made.open == 0


@pytest.mark.gen_test(timeout=40)
async def test_a_part_is_gone_on_with_to_its_own_end(hall: Callable[..., Any]) -> None:
    async with hall() as made:
        url = made.put("song", "/frail/song.mp3")
        made.standin.breaks = [1_000]
        part = await made.get(url, Range="bytes=5000-9999")
        assert (part.status_code, part.content) == (206, SOUND[5_000:10_000])
        assert [span for _, span in made.standin.requests] == ["bytes=5000-9999", "bytes=6000-9999"]


@pytest.mark.gen_test(timeout=40)
async def test_three_times_and_not_more(hall: Callable[..., Any]) -> None:
    async with hall() as made:
        url = made.put("song", "/frail/song.mp3")
        made.standin.breaks = [9, 9, 9, 9, 9]
        await broken_off(made, url)
        assert len(made.standin.requests) == 1 + 3


@pytest.mark.gen_test(timeout=40)
async def test_another_version_is_not_gone_on_with(hall: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    async with hall() as made:
        url = made.put("song", "/frail/song.mp3")
        known = resuming.piece_of
        for change in ("tag", "files"):
            made.standin.requests.clear()
            made.standin.breaks = [9]

            def noticed(answer: httpx.Response, change: str = change) -> Piece | None:
                # It changes while the listener has the beginning of it.
                if change == "tag":
                    made.standin.tag = '"two"'
                else:
                    made.standin.files["song.mp3"] = SOUND + b"more"
                return known(answer)

            monkeypatch.setattr(resuming, "piece_of", noticed)
            await broken_off(made, url)
            assert [span for _, span in made.standin.requests] == ["", f"bytes=9-{LENGTH - 1}"]
            monkeypatch.setattr(resuming, "piece_of", known)


@pytest.mark.gen_test(timeout=40)
async def test_what_says_nothing_of_its_version_or_never_ends_is_not_gone_on_with(hall: Callable[..., Any]) -> None:
    async with hall() as made:
        made.standin.tag = made.standin.date = ""
        made.standin.breaks = [9]
        await broken_off(made, made.put("song", "/frail/song.mp3"))
        assert len(made.standin.requests) == 1
        made.standin.tag = '"one"'
        made.standin.breaks = [9]
        await broken_off(made, made.put("station", "/frail/song.mp3", live=True))
        assert len(made.standin.requests) == 2
        made.standin.tag, made.standin.date = "", "Mon, 02 Jan 2023 00:00:00 GMT"
        made.standin.breaks = [9]
        assert (await made.get(made.put("song", "/frail/song.mp3"))).content == SOUND
        assert made.standin.headers["If-Range"] == made.standin.date


@pytest.mark.gen_test(timeout=40)
async def test_where_the_sound_was_may_have_run_out_meanwhile(hall: Callable[..., Any]) -> None:
    async with hall() as made:
        made.put("song", "/frail/song.mp3")
        # Where it was there is nothing any more; the next time it is asked where it is.
        gone = Source(url=f"{made.root}/status/403", trusted=True, mime="audio/mpeg")
        made.box.fresh["song"] = made.box.sources["song"]
        made.standin.breaks = [20_000]
        relay = made.served.services.library.relay
        async with relay.sound("jukebox", "song", {}, "1.2.3.4") as sound:
            relay._sources.keep(("jukebox", "song"), gone, 60_000.0)
            got = bytearray()

            async def take(part: bytes) -> None:
                got.extend(part)

            await sound.copy(take)
        assert bytes(got) == SOUND and made.box.asked == [("song", False), ("song", True)]
        assert [path for path, _ in made.standin.requests] == ["/frail/song.mp3", "/status/403", "/frail/song.mp3"]


def piece(status: int, **headers: str) -> Piece | None:
    return piece_of(httpx.Response(status, headers={name.replace("_", "-"): text for name, text in headers.items()}))


def test_what_can_be_gone_on_with() -> None:
    whole = {"Content_Length": "100", "Accept_Ranges": "bytes", "ETag": '"a"', "Last_Modified": "Monday"}
    assert piece(200, **whole) == Piece(0, 99, 100, '"a"', "")
    assert piece(200, **whole | {"ETag": 'W/"a"'}) == Piece(0, 99, 100, "", "Monday")
    for missing in ("Content_Length", "Accept_Ranges"):
        assert piece(200, **{name: text for name, text in whole.items() if name != missing}) is None
    assert piece(200, **whole | {"ETag": 'W/"a"', "Last_Modified": ""}) is None
    assert piece(200, **whole | {"Accept_Ranges": "none"}) is None
    assert piece(206, ETag='"a"', Content_Range="bytes 5-9/100") == Piece(5, 9, 100, '"a"', "")
    for said in ("bytes 5-9/*", "bytes */100", "", "5-9/100"):
        assert piece(206, ETag='"a"', Content_Range=said) is None
    rest = Piece(5, 9, 100, '"a"', "").after(2)
    assert rest.asking() == {"Range": "bytes=7-9", "If-Range": '"a"'}
