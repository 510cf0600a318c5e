"""Users in PostgreSQL."""

from datetime import UTC, datetime

import asyncpg
from msgspec import Struct

from roomd.domain.actor import username_key
from roomd.domain.ids import UserId
from roomd.domain.refusals import Invalid, NotFound
from roomd.store.postgres import PostgresPool, postgres_needed

_COLUMNS = "id::text, username, email, password_hash, name, bio, avatar, is_admin, banned_at IS NOT NULL AS banned"


class User(Struct, frozen=True, kw_only=True):
    """A user as stored. A guest has neither username, email nor password."""

    id: UserId
    name: str
    username: str | None = None
    email: str | None = None
    password_hash: str | None = None
    bio: str = ""
    avatar: str = ""
    is_admin: bool = False
    #: Shut out by an admin.
    banned: bool = False

    @property
    def guest(self) -> bool:
        return self.password_hash is None


class Changes(Struct, frozen=True, kw_only=True):
    """What to change of a user; None leaves a thing as it is."""

    name: str | None = None
    username: str | None = None
    bio: str | None = None
    avatar: str | None = None


class AccountStore:
    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def add(self, user: User, now_ms: float) -> None:
        """Raises Invalid when the username or the email is taken."""
        query = """
            INSERT INTO users (id, username, username_key, email, password_hash, name, bio, avatar, is_admin,
                               created_at, last_seen)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
        """
        key = None if user.username is None else username_key(user.username)
        values = (user.username, key, user.email, user.password_hash, user.name, user.bio, user.avatar, user.is_admin)
        try:
            with postgres_needed():
                await self._pool.execute(query, user.id, *values, timestamp(now_ms))
        except asyncpg.UniqueViolationError as fault:
            raise _taken(fault) from None

    async def by_id(self, user_id: UserId) -> User:
        with postgres_needed():
            row = await self._pool.fetchrow(f"SELECT {_COLUMNS} FROM users WHERE id = $1", user_id)  # noqa: S608
        return _user(row)

    async def by_email(self, email: str) -> User | None:
        with postgres_needed():
            row = await self._pool.fetchrow(f"SELECT {_COLUMNS} FROM users WHERE email = $1", email)  # noqa: S608
        return None if row is None else _user(row)

    async def by_username(self, username: str) -> User | None:
        query = f"SELECT {_COLUMNS} FROM users WHERE username_key = $1"  # noqa: S608
        with postgres_needed():
            row = await self._pool.fetchrow(query, username_key(username))
        return None if row is None else _user(row)

    async def update(self, user_id: UserId, changes: Changes) -> User:
        """The user afterwards. Raises Invalid when the new username is taken, and NotFound."""
        query = f"""
            UPDATE users SET name = coalesce($2, name), bio = coalesce($3, bio), avatar = coalesce($4, avatar),
                             username = coalesce($5, username), username_key = coalesce($6, username_key)
            WHERE id = $1 RETURNING {_COLUMNS}
        """  # noqa: S608
        key = None if changes.username is None else username_key(changes.username)
        values = (changes.name, changes.bio, changes.avatar, changes.username, key)
        try:
            with postgres_needed():
                row = await self._pool.fetchrow(query, user_id, *values)
        except asyncpg.UniqueViolationError as fault:
            raise _taken(fault) from None
        return _user(row)

    async def upgrade(self, user_id: UserId, username: str, email: str, password_hash: str) -> User:
        """Give a guest what an account has. Raises Invalid where that is taken; NotFound for others."""
        query = f"""
            UPDATE users SET username = $2, username_key = $3, email = $4, password_hash = $5
            WHERE id = $1 AND password_hash IS NULL RETURNING {_COLUMNS}
        """  # noqa: S608
        try:
            with postgres_needed():
                row = await self._pool.fetchrow(query, user_id, username, username_key(username), email, password_hash)
        except asyncpg.UniqueViolationError as fault:
            raise _taken(fault) from None
        return _user(row)

    async def set_avatar(self, user_id: UserId, avatar: str) -> str:
        """Give the user this picture, or none (""); the former one. Raises NotFound."""
        query = """
            WITH former AS (SELECT id, avatar FROM users WHERE id = $1 FOR UPDATE)
            UPDATE users SET avatar = $2 FROM former WHERE users.id = former.id RETURNING former.avatar
        """
        with postgres_needed():
            former = await self._pool.fetchval(query, user_id, avatar)
        if former is None:
            raise NotFound("there is no such user")
        return str(former)

    async def set_password_hash(self, user_id: UserId, password_hash: str) -> None:
        with postgres_needed():
            await self._pool.execute("UPDATE users SET password_hash = $2 WHERE id = $1", user_id, password_hash)

    async def seen(self, user_id: UserId, now_ms: float) -> None:
        with postgres_needed():
            await self._pool.execute("UPDATE users SET last_seen = $2 WHERE id = $1", user_id, timestamp(now_ms))


def timestamp(now_ms: float) -> datetime:
    """Room time as PostgreSQL keeps it."""
    return datetime.fromtimestamp(now_ms / 1000, UTC)


def _user(row: asyncpg.Record | None) -> User:
    if row is None:
        raise NotFound("there is no such user")
    return User(**row)


def _taken(fault: asyncpg.UniqueViolationError) -> Invalid:
    field = "email" if fault.constraint_name == "users_email_taken" else "username"
    return Invalid(f"this {field} is taken", "taken", {field: "is taken"})
