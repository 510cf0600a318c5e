"""How long a WebSocket is good for: by a ticket that is good once, and for as long as its token is."""

import asyncio
import logging
from typing import Any

import pytest
from serving import Live, Person, Served
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from roomd import tokens
from roomd.domain.actor import Actor
from roomd.domain.ids import UserId
from roomd.store.keys import ticket_of
from roomd.store.tickets import MARK, TICKET_S
from roomd.tokens import TokenRing

#: Seconds within which a connection ends after its token has.
PROMPTLY_S = 2.0


async def ticket_for(person: Person) -> str:
    answer = await person.call("POST", "/api/auth/ticket/")
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == TICKET_S
    return str(answer.json()["ticket"])


def short_lived(served: Served, person: Person, seconds: int, **claims: Any) -> str:
    """A token as this server issues them, of which so many seconds are left."""
    clock = served.services.clock
    ring = TokenRing(
        ["tests-sign-with-this-and-nobody-else-does"], lambda: clock.now() - 1_000 * (24 * 3_600 - seconds)
    )
    return ring.issue(Actor(id=UserId(person.id), name=person.name, guest=True, **claims))


async def ended(live: Live) -> tuple[str, int | None, float]:
    """The last error, the close code, and after how many seconds the end came."""
    now = asyncio.get_running_loop().time
    began = now()
    code = (await live.until(type="error"))["code"]
    return code, await live.closed(), now() - began


@pytest.mark.gen_test(timeout=60)
async def test_a_ticket_opens_one_socket_of_any_kind(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    alice = await served.person("Alice")
    code = await served.room(alice)
    for path, greeting in {
        "/ws/v1/{}/": "welcome",
        "/ws/room/{}/": "ROOM_PARTICIPANTS",
        "/ws/rooms/{}/": "playback_synced",
        "/ws/sessions/{}/": "playback_state",
    }.items():
        ticket = await ticket_for(alice)
        assert ticket.startswith(MARK)
        for number in range(2):
            live = await served.socket(f"{path.format(code)}?ticket={ticket}")
            if greeting == "welcome":
                await live.say(type="hello")
            if number == 0:
                await live.until(type=greeting)
            else:
                assert await live.closed() == 4501
        assert ticket not in caplog.text
        assert path.format(code) in caplog.text
    # Wherever a token would stand, a ticket may.
    live = await served.socket(f"/ws/v1/{code}/")
    await live.say(type="hello", token=await ticket_for(alice))
    welcome = await live.until(type="welcome")
    assert welcome["you"]["id"] == alice.id
    # It lasts for as long as the token that it was asked for with.
    assert 23 * 3_600_000 < welcome["token_ms"] <= 24 * 3_600_000


@pytest.mark.gen_test(timeout=30)
async def test_tickets_are_kept_as_digests_for_half_a_minute_and_end_with_their_session(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    ticket, other = await ticket_for(alice), await ticket_for(alice)
    redis = served.services.tickets._redis
    keys = [key.decode() async for key in redis.scan_iter(ticket_of("*"))]
    assert len(keys) == 2
    assert not [key for key in keys if ticket in key]
    assert all([0 < await redis.ttl(key) <= TICKET_S for key in keys])
    assert ticket != other
    assert (await alice.call("POST", "/api/auth/logout/")).status_code == 200
    live = await served.socket(f"/ws/v1/{code}/?ticket={ticket}")
    await live.say(type="hello")
    assert (await live.until(type="error"))["code"] == "token_revoked"
    assert await live.closed() == 4501
    for rubbish in (MARK, MARK + "x" * 200, MARK + "ü"):
        assert await served.services.tickets.take(rubbish) is None
    assert (await served.http.post("/api/auth/ticket/")).status_code == 401


@pytest.mark.gen_test(timeout=60)
async def test_a_socket_ends_with_its_token_unless_a_fresh_one_comes(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)

    async def entered(token: str) -> Live:
        live = await served.socket(f"/ws/v1/{code}/")
        await live.say(type="hello", token=token)
        welcome = await live.until(type="welcome")
        assert 0 < welcome["token_ms"] <= 2_000
        return live

    short = short_lived(served, alice, 2)
    leaving, staying = await asyncio.gather(entered(short), entered(short))
    # Somebody else's is refused, and so is one that is none; neither takes anything away.
    for other in (bob.token, "rubbish", "ticket-rubbish"):
        await staying.say(type="token", token=other)
        assert (await staying.until(type="error"))["code"] == "token_invalid"
    await staying.say(type="token", token=alice.token)
    assert (await staying.until(type="token"))["token_ms"] > 23 * 3_600_000
    refused, closed, took = await ended(leaving)
    assert (refused, closed) == ("token_expired", 4501)
    assert took < 2 + PROMPTLY_S
    assert (await staying.do("say", text="still here"))["type"] == "ack"
    # A token that was good a moment ago opens nothing that lasts, whatever clocks are allowed to differ by.
    late = await served.socket(f"/ws/v1/{code}/")
    await late.say(type="hello", token=short)
    assert (await ended(late))[:2] == ("token_expired", 4501)
    before = await served.socket(f"/ws/v1/{code}/")
    await before.say(type="token", token=alice.token)
    assert (await before.until(type="error"))["code"] == "no_hello"


@pytest.mark.gen_test(timeout=60)
async def test_contracts_without_a_word_for_it_outlast_a_short_token(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    live = await served.socket(f"/ws/room/{code}/?token={short_lived(served, alice, 1)}")
    await live.until(type="PLAYBACK_STATE")
    (socket,) = [each for each in served.services.drain._open if getattr(each, "actor", None)]
    left_ms = socket.token_ms  # type: ignore[attr-defined]
    assert tokens.ACCOUNT_ACCESS_S * 1_000 < left_ms <= 24 * 3_600_000


@pytest.mark.gen_test(timeout=60)
async def test_pages_of_other_sites_open_nothing(served: Served) -> None:
    own = f"http://127.0.0.1:{served.port}"
    foreign = [
        "https://evil.example",
        "null",
        "",
        own.replace("http:", "ftp:") + ".evil.example",
        own + ".evil.example",
        f"http://127.0.0.1:{served.port + 1}",
        "http://127.0.0.1",
        f"http://evil.example:{served.port}",
        f"http://evil.example/?{own}",
        f"http://evil.example#@127.0.0.1:{served.port}",
        f"http://127.0.0.1:{served.port}@evil.example",
        "http://[::1",
        "file://",
    ]
    for origin in foreign:
        with pytest.raises(HTTPClientError) as refused:
            await connected(served, {"Origin": origin})
        assert refused.value.code == 403, origin
    # A browser that says whose page it is is asked no further.
    with pytest.raises(HTTPClientError):
        await connected(served, {"Sec-Fetch-Site": "cross-site"})
    for headers in ({"Origin": own}, {}, {"Sec-Fetch-Site": "same-origin", "Origin": own}):
        await connected(served, headers)


async def connected(served: Served, headers: dict[str, str]) -> None:
    socket = await websocket_connect(HTTPRequest(f"ws://127.0.0.1:{served.port}/ws/v1/ZZZZZZ/", headers=headers))
    socket.close()
    assert await socket.read_message() is None
