"""Our own connection to Redis: many questions in one write, answers in order, and every way in which it may be lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from tornado.ioloop import IOLoop

from roomd.store import link as link_module
from roomd.store.life import Life
from roomd.store.link import Link


@pytest.fixture
def link(io_loop: IOLoop, redis_url: str) -> Iterator[Link]:
    made = Link(redis_url, Life())
    yield made
    io_loop.run_sync(made.stop)


@asynccontextmanager
async def stand_in(data_dir: Path, answers: list[bytes]) -> AsyncIterator[Link]:
    """A link to what answers with these and then says nothing."""

    serving: list[asyncio.Task[None] | None] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        for each in answers:
            await reader.read(1 << 16)
            writer.write(each)
        await reader.read(1 << 16)
        if answers:
            await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_unix_server(answer, data_dir / "stand-in")
    made = Link(f"unix://{data_dir}/stand-in", Life())
    try:
        yield made
    finally:
        await made.stop()
        await asyncio.gather(*filter(None, serving))
        server.close()


INFO = b"%0\r\n", b"$16\r\nrun_id:abc\r\nmore\r\n"


@pytest.mark.gen_test(timeout=20)
async def test_what_is_asked_together_is_answered_in_order(link: Link) -> None:
    answers = await asyncio.gather(*(link.ask(("ECHO", str(n))) for n in range(500)))
    assert answers == [str(n).encode() for n in range(500)]
    assert await link.ask(("INCRBY", "n", 5)) == 5
    assert await link.ask(("GET", "nothing")) is None


@pytest.mark.gen_test(timeout=20)
async def test_an_error_is_that_of_its_own_question(link: Link) -> None:
    asked = [link.ask(parts) for parts in (("SET", "a", "x"), ("INCR", "a"), ("GET", "a"), ("EVALSHA", "0" * 40, 0))]
    said = await asyncio.gather(*asked, return_exceptions=True)
    assert said[0] == b"OK" and said[2] == b"x"
    assert isinstance(said[1], ResponseError) and "not an integer" in str(said[1])
    assert isinstance(said[3], NoScriptError)


@pytest.mark.gen_test(timeout=20)
async def test_several_are_answered_as_one_each_with_its_own_error(link: Link) -> None:
    assert link.begin(("PING",)) is None, "there is no connection yet"
    channel = await link.open()
    alone = link.begin(("SET", "a", "x"))
    assert alone is not None
    whole = channel.ask_all([("INCR", "a"), ("GET", "a"), ("ECHO", "b")])
    behind = link.begin(("ECHO", "c"))
    assert behind is not None
    for wrong in (channel.ask, link.begin):
        with pytest.raises(TypeError):
            wrong(("ECHO", None))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        channel.ask_all([("PING",), ("ECHO", None)])  # type: ignore[list-item]
    assert await alone == b"OK"
    fault, *said = await whole
    assert isinstance(fault, ResponseError)
    assert (said, await behind) == ([b"x", b"b"], b"c")
    lost = channel.ask_all([("PING",), ("PING",)])
    channel.close(RedisConnectionError("gone"))
    for answers in (await lost, await channel.ask_all([("PING",), ("PING",)])):
        assert [type(answer) for answer in answers] == [RedisConnectionError] * 2
    assert link.begin(("PING",)) is None
    assert await link.ask(("PING",)) == b"PONG"


@pytest.mark.gen_test(timeout=20)
async def test_the_run_of_redis_is_learned_and_a_lost_connection_taken_anew(redis_url: str) -> None:
    life = Life()
    link, other = Link(redis_url, life), Redis.from_url(redis_url)
    try:
        number = await link.ask(("CLIENT", "ID"))
        assert life.current == (await other.info("server"))["run_id"]
        asked = asyncio.ensure_future(link.ask(("BLPOP", "never", "0")))
        await asyncio.sleep(0)
        assert await other.execute_command("CLIENT", "KILL", "ID", number) == 1
        with pytest.raises(RedisConnectionError):
            await asked
        assert await link.ask(("PING",)) == b"PONG"
    finally:
        await link.stop()
        await other.aclose()


@pytest.mark.gen_test(timeout=20)
async def test_whoever_asked_hears_that_the_answer_stays_out(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "ANSWER_S", 0.2)
    async with stand_in(data_dir, [*INFO, b"+PONG\r\n"]) as link:
        assert await link.ask(("PING",)) == b"PONG"
        said = await asyncio.gather(*(link.ask(("PING",)) for _ in range(3)), return_exceptions=True)
        assert all(isinstance(fault, RedisTimeoutError) for fault in said)


@pytest.mark.gen_test(timeout=20)
async def test_an_answer_too_many_is_the_end_of_the_connection(data_dir: Path) -> None:
    async with stand_in(data_dir, [*INFO, b"+one\r\n+two\r\n"]) as link:
        assert await link.ask(("PING",)) == b"one"
        assert link._channel is not None and link._channel.lost


@pytest.mark.parametrize("answers", [[], [*INFO, b"nonsense\r\n"]], ids=repr)
@pytest.mark.gen_test(timeout=20)
async def test_what_is_no_redis_is_no_answer(data_dir: Path, answers: list[bytes]) -> None:
    async with stand_in(data_dir, answers) as link:
        with pytest.raises(RedisConnectionError):
            await link.ask(("PING",))


@pytest.mark.gen_test(timeout=20)
async def test_nobody_there(data_dir: Path) -> None:
    link = Link(f"unix://{data_dir}/nobody", Life())
    with pytest.raises(RedisConnectionError):
        await link.ask(("PING",))


def test_where_it_fits() -> None:
    fits = {"redis://h:1/2": True, "unix:///tmp/x": True, "rediss://h": True, "redis://a,b:2": False}
    assert {url: Link.fits(url) for url in fits} == fits
