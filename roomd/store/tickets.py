"""Tickets for WebSockets: who may open one, for half a minute and once. The address of a WebSocket ends up in the logs
of proxies, so what stands in it is to be worth nothing afterwards.
"""

import hashlib
import secrets

import msgspec
from msgspec import Struct
from redis.asyncio import Redis

from roomd.domain.actor import Actor
from roomd.store.keys import ticket_of
from roomd.store.redis import answering

TICKET_S = 30
#: By this a ticket is told from a token.
MARK = "ticket-"
#: Ours have 29 characters.
_LONGEST = 64


class Ticket(Struct, frozen=True):
    """Whose it is, and until when their token is good, in ms since 1970."""

    actor: Actor
    until: float


_decode = msgspec.json.Decoder(Ticket).decode


class Tickets:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def issue(self, ticket: Ticket) -> str:
        """128 random bits that stand for it."""
        text = MARK + secrets.token_urlsafe(16)
        with answering():
            await self._redis.set(_key(text), msgspec.json.encode(ticket), ex=TICKET_S)
        return text

    async def take(self, text: str) -> Ticket | None:
        """What it stands for; from now on it stands for nothing."""
        if len(text) > _LONGEST:
            return None
        with answering():
            found = await self._redis.getdel(_key(text))
        return _decode(found) if found else None


def _key(text: str) -> str:
    return ticket_of(hashlib.sha256(text.encode(errors="replace")).hexdigest())
