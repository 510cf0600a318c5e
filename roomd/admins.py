"""Admins: made by somebody at the command line, or the first of them by two settings. There is no default one."""

import logging
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from roomd import accounts
from roomd.accounts import Accounts
from roomd.clock import Clock
from roomd.domain.actor import tidy_email
from roomd.domain.refusals import Invalid
from roomd.embedded.share import shared
from roomd.passwords import Passwords
from roomd.secret import keys_of
from roomd.settings import Settings, SettingsError
from roomd.store import migrate, postgres
from roomd.store import redis as redis_store
from roomd.store.accounts import AccountStore, User
from roomd.store.admins import AdminStore
from roomd.store.postgres import PostgresPool

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.getLogger(__name__)


class Admins:
    def __init__(self, pool: PostgresPool, signing: Accounts) -> None:
        self._users = AccountStore(pool)
        self._admins = AdminStore(pool)
        self._accounts = signing

    async def with_email(self, email: str) -> User | None:
        return await self._users.by_email(email)

    async def add(self, username: str, email: str, password: str) -> User:
        """Raises Invalid, naming what will not do."""
        return await self._accounts.register(username, email, password, admin=True)

    async def promote(self, user: User) -> None:
        await self._admins.promote(user.id)

    async def begin(self, settings: Settings) -> None:
        """Make the first admin that the settings name, where there is none. Raises SettingsError.

        An account that has that email already is not made one: emails are not verified, so anybody may have made it.
        """
        if settings.admin_email is None or settings.admin_password is None or await self._admins.any():
            return
        try:
            email = tidy_email(settings.admin_email)
            async with self._admins.first() as first:
                if not first:
                    return
                if await self.with_email(email) is not None:
                    log.warning("ROOMD_ADMIN_EMAIL is not made an admin: there is an account with it; see create-admin")
                    return
                user = await self.add(username_for(email), email, settings.admin_password)
        except Invalid as refusal:
            raise SettingsError(f"ROOMD_ADMIN_EMAIL and ROOMD_ADMIN_PASSWORD: {refusal.message}") from None
        log.info("@%s is the first admin, by ROOMD_ADMIN_EMAIL; unset ROOMD_ADMIN_PASSWORD now", user.username)


def username_for(email: str) -> str:
    """A name to sign in by, out of what stands before the @ and what no other account is likely to have."""
    bare = re.sub(r"[^a-z0-9_]", "", email.partition("@")[0].lower())[:20]
    return f"admin_{bare}" if bare else "admin_roomd"


async def open_accounts(
    settings: Settings, keys: Sequence[str], *, pool: PostgresPool, redis: "Redis", clock: Clock, stack: AsyncExitStack
) -> tuple[Passwords, Accounts]:
    """Who is who, with an admin among them where the settings name the first. Raises SettingsError."""
    passwords = Passwords()
    stack.callback(passwords.close)
    signing = accounts.make_accounts(pool=pool, redis=redis, keys=keys, passwords=passwords, clock=clock)
    await Admins(pool, signing).begin(settings)
    return passwords, signing


@asynccontextmanager
async def open_admins(settings: Settings) -> AsyncIterator[Admins]:
    """For a command beside a server, or without one. Raises Unavailable."""
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(shared(settings))
        await migrate.migrate(urls.database_url)
        pool = await postgres.connect(urls.database_url)
        stack.push_async_callback(postgres.close, pool)
        # Nothing is asked of it here, so nothing is connected.
        redis = redis_store.connect(urls.redis_url)
        stack.push_async_callback(redis.aclose, close_connection_pool=True)
        passwords = Passwords()
        stack.callback(passwords.close)
        keys = keys_of(settings)
        yield Admins(
            pool, accounts.make_accounts(pool=pool, redis=redis, keys=keys.all, passwords=passwords, clock=Clock())
        )
