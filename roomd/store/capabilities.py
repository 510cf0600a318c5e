"""Private ids: what a client without a token is known by. Whoever has one is that user, so it is shown to nobody else.

SyncPlay's documents authenticate by `user_id` alone. The id handed out is not the user's, but 122 random bits that
stand for them; kept as a digest, in Redis and, lest it be emptied, in PostgreSQL.
"""

import hashlib
import uuid
from collections.abc import Iterable
from contextlib import suppress

import msgspec
from redis.asyncio import Redis

from roomd.domain.actor import Actor
from roomd.domain.ids import is_uuid
from roomd.store.postgres import DatabaseAway, PostgresPool, acquired
from roomd.store.redis import answering

#: Seconds for which an id stands for its user: after its last use, as long as a guest's token; and after it was issued.
#: The longer of the two counts.
KEPT_S = 24 * 3_600
ISSUED_S = 7 * 24 * 3_600
#: Ids that have run out, removed whenever one is issued.
_SWEPT = 100

_decode = msgspec.json.Decoder(Actor).decode


class Capabilities:
    def __init__(self, redis: Redis, pool: PostgresPool) -> None:
        self._redis = redis
        self._pool = pool

    async def issue(self, actor: Actor) -> str:
        """A new private id for the actor."""
        secret = str(uuid.uuid4())
        body = msgspec.json.encode(actor)
        with answering():
            await self._redis.set(_key(secret), body, ex=KEPT_S)
        with suppress(DatabaseAway):
            async with acquired(self._pool) as connection:
                await connection.execute(
                    "INSERT INTO private_ids VALUES ($1, $2, now() + make_interval(secs => $3))",
                    *(_digest(secret), body.decode(), float(ISSUED_S)),
                )
                await connection.execute(
                    """
                    DELETE FROM private_ids WHERE digest IN
                    (SELECT digest FROM private_ids WHERE expires_at < now() ORDER BY expires_at LIMIT $1)
                    """,
                    _SWEPT,
                )
        return secret

    async def actor(self, secret: str) -> Actor | None:
        """Whom a private id stands for."""
        secret = secret.lower()
        if not is_uuid(secret):
            return None
        with answering():
            found = await self._redis.getex(_key(secret), ex=KEPT_S)
        return _decode(found) if found else await self._again(secret)

    async def forget(self, digests: Iterable[bytes]) -> None:
        """Private ids that PostgreSQL has forgotten, by their digests, stand for nobody any more."""
        if keys := [_key_of(digest) for digest in digests]:
            with answering():
                async with self._redis.pipeline(transaction=False) as pipe:
                    for key in keys:
                        pipe.delete(key)
                    await pipe.execute()

    async def _again(self, secret: str) -> Actor | None:
        """One that Redis does not have: it has lost it, or there never was one, or not for long."""
        with suppress(DatabaseAway):
            async with acquired(self._pool) as connection:
                body = await connection.fetchval(
                    "SELECT actor FROM private_ids WHERE digest = $1 AND expires_at > now()", _digest(secret)
                )
            if body is not None:
                with answering():
                    await self._redis.set(_key(secret), body, ex=KEPT_S)
                return _decode(body.encode())
        return None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _key(secret: str) -> str:
    return _key_of(_digest(secret))


def _key_of(digest: bytes) -> str:
    return f"roomd:capability:{digest.hex()}"
