"""redis-py's methods over our own connection answer as they do over redis-py's."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from roomd.store.quick import Quick
from roomd.store.redis import connect

ASKED: list[Callable[[Redis], Awaitable[Any]]] = [
    lambda redis: redis.set("text", "a", ex=60, nx=True),
    lambda redis: redis.set("text", "b", nx=True),
    lambda redis: redis.get("text"),
    lambda redis: redis.get("nothing"),
    lambda redis: redis.hset("hash", mapping={"a": 1, "b": 2.5, "c": b"\x00\xff", "d": "é"}),
    lambda redis: redis.hgetall("hash"),
    lambda redis: redis.hmget("hash", "a", "z"),
    lambda redis: redis.zadd("sorted", {"x": 1.5, "y": 1795299454625.919}),
    lambda redis: redis.zrange("sorted", 0, -1, withscores=True),
    lambda redis: redis.zrangebyscore("sorted", "-inf", 2, withscores=True),
    lambda redis: redis.zscore("sorted", "y"),
    lambda redis: redis.sadd("set", "one"),
    lambda redis: redis.smembers("set"),
    lambda redis: redis.xadd("stream", {"c": "{}"}, id="5-0"),
    lambda redis: redis.xrange("stream", "-", "+", count=3),
    lambda redis: redis.xrevrange("stream", count=1),
    lambda redis: redis.exists("text", "nothing"),
    lambda redis: redis.expire("text", 5),
    lambda redis: redis.persist("text"),
    lambda redis: redis.type("stream"),
    lambda redis: redis.config_get("maxmemory"),
    lambda redis: redis.script_exists("0" * 40),
    lambda redis: redis.register_script("return {KEYS[1], ARGV[1], 7}")(keys=["k"], args=[1.5]),
    lambda redis: redis.delete("text", "hash"),
    lambda redis: redis.ping(),
]


@pytest.mark.gen_test(timeout=30)
async def test_every_answer_has_the_shape_that_redis_py_gives_it(redis_url: str) -> None:
    quick, plain = connect(redis_url), Redis.from_url(redis_url)
    assert isinstance(quick, Quick)
    try:
        answers = []
        for redis in (quick, plain):
            await plain.flushdb()
            answers.append([await ask(redis) for ask in ASKED])
        assert answers[0] == answers[1]
        assert [type(each) for each in answers[0]] == [type(each) for each in answers[1]]
        assert (await quick.info("server"))["run_id"] == (await plain.info("server"))["run_id"]
        with pytest.raises(ResponseError, match="WRONGTYPE"):
            await quick.get("set")
        async with quick.pipeline(transaction=True) as pipe:
            pipe.incr("n")
            pipe.get("n")
            assert await pipe.execute() == [1, b"1"]
        for transaction in (True, False):
            shapes = []
            for redis in (quick, plain):
                async with redis.pipeline(transaction=transaction) as pipe:
                    pipe.zrange("sorted", 0, -1, withscores=True)
                    pipe.hgetall("nothing")
                    pipe.smembers("set")
                    pipe.xrange("stream")
                    shapes.append(await pipe.execute())
            assert shapes[0] == shapes[1]
            async with quick.pipeline(transaction=transaction) as pipe:
                pipe.set("n", "x")
                pipe.incr("n")
                with pytest.raises(ResponseError, match="not an integer"):
                    await pipe.execute()
            async with quick.pipeline(transaction=transaction) as pipe:
                pipe.execute_command("NONSENSE")
                with pytest.raises(ResponseError, match="unknown command"):
                    await pipe.execute()
            assert await quick.ping()
    finally:
        await quick.aclose()
        await plain.aclose()
