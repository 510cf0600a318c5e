"""Private ids: what a client without a token is known by. Whoever has one is that user, so it is shown to nobody else.

SyncPlay's documents authenticate by `user_id` alone. The id handed out is not the user's, but 122 random bits that
stand for them; kept here as a digest, for as long as a guest's sign-in lasts.
"""

import hashlib
import uuid

import msgspec
from redis.asyncio import Redis

from roomd.domain.actor import Actor
from roomd.domain.ids import is_uuid
from roomd.store.redis import answering

#: Seconds after its last use for which an id stands for its user: as long as a guest's token.
KEPT_S = 24 * 3_600

_decode = msgspec.json.Decoder(Actor).decode


class Capabilities:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def issue(self, actor: Actor) -> str:
        """A new private id for the actor."""
        secret = str(uuid.uuid4())
        with answering():
            await self._redis.set(_key(secret), msgspec.json.encode(actor), ex=KEPT_S)
        return secret

    async def actor(self, secret: str) -> Actor | None:
        """Whom a private id stands for."""
        if not is_uuid(secret.lower()):
            return None
        with answering():
            found = await self._redis.getex(_key(secret.lower()), ex=KEPT_S)
        return _decode(found) if found else None


def _key(secret: str) -> str:
    return f"roomd:capability:{hashlib.sha256(secret.encode()).hexdigest()}"
