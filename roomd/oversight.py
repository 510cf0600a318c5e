"""What admins of the server look at and do. Whatever changes anything is noted before it is answered."""

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from roomd.accounts import Accounts
from roomd.clock import Clock
from roomd.core import Core
from roomd.domain.actor import Actor
from roomd.domain.ids import MessageId, RoomId, UserId
from roomd.domain.moderation import BanUser, DeleteMessage, Kick
from roomd.domain.refusals import Conflict, NotFound
from roomd.domain.room import Close, Room
from roomd.domain.words import Command
from roomd.metrics import Metrics
from roomd.overheard import Overheard
from roomd.scheduler import Job
from roomd.store.accounts import timestamp
from roomd.store.overheard import OverheardStore
from roomd.store.oversight import Deed, OversightStore
from roomd.store.postgres import PostgresPool
from roomd.store.revocations import RevocationStore
from roomd.store.sessions import SessionStore
from roomd.store.vitals import VitalsStore
from roomd.vitals import Vitals


class Oversight:
    def __init__(
        self,
        core: Core,
        clock: Clock,
        *,
        store: OversightStore,
        sessions: SessionStore,
        revocations: RevocationStore,
        heard: Overheard,
        vitals: Vitals,
    ) -> None:
        self._core = core
        self._store = store
        self._sessions = sessions
        self._revocations = revocations
        self._clock = clock
        #: To be read as they are.
        self.look = store
        self.heard = heard
        self.vitals = vitals

    def jobs(self) -> Sequence[Job]:
        return (self.vitals.job(),)

    async def counts(self) -> dict[str, int]:
        return await self._store.counts(self._clock.now())

    async def rooms(self, state: str, text: str, limit: int, offset: int) -> list[tuple[dict[str, Any], Room | None]]:
        """What PostgreSQL knows of each, and the room itself where it is live. None is woken."""
        rows = await self._store.rooms(state, text, limit, offset)
        found = []
        for row in rows:
            looked = await self._core.store.look(RoomId(row["id"])) if row["state"] == "live" else None
            found.append((row, looked.room if looked else None))
        return found

    async def close(self, admin: Actor, ref: str, why: str) -> None:
        """Close a room for everybody. Raises NotFound."""
        room = await self._core.engine.room(await self._core.engine.find(ref))
        await self._do(admin, room.id, Close())
        await self._note(admin, "close_room", room.id, f"{room.settings.name} ({room.code})", why)

    async def kick(self, admin: Actor, ref: str, user: UserId, why: str, *, ban: bool) -> None:
        """Send somebody out of a room, and with `ban` keep them out. Raises NotFound, Conflict."""
        room = await self._core.engine.room(await self._core.engine.find(ref))
        member = room.members.get(user)
        command = BanUser(user=user, reason=why) if ban else Kick(user=user, reason=why)
        await self._do(admin, room.id, command)
        what = f"{member.name if member else user} in {room.settings.name} ({room.code})"
        await self._note(admin, "ban_from_room" if ban else "kick", user, what, why)

    async def remove_line(self, admin: Actor, ref: str, line: str, why: str) -> None:
        room = await self._core.engine.room(await self._core.engine.find(ref))
        await self._do(admin, room.id, DeleteMessage(message=MessageId(line)))
        await self._note(admin, "remove_message", line, f"in {room.settings.name} ({room.code})", why)

    async def set_admin(self, admin: Actor, user: UserId, why: str, *, on: bool) -> None:
        """Raises NotFound, Conflict. Tokens say who is an admin, so whoever is none any more has to sign in again."""
        name = await self._store.name_of(user)
        if on and not await self._store.promote(user):
            raise Conflict("a guest cannot be an admin, nor an admin become one", "not_an_account")
        if not on:
            if not await self._store.demote(user):
                raise Conflict("that is no admin, or the last one", "last_admin")
            await self._end(user)
        await self._note(admin, "promote" if on else "demote", user, name, why)

    async def ban(self, admin: Actor, user: UserId, why: str) -> None:
        """Shut an account out: its sign-ins end, and it cannot sign in. Raises NotFound, Conflict."""
        name = await self._store.name_of(user)
        if not await self._store.ban(user, timestamp(self._clock.now()), why):
            raise Conflict("an admin cannot be shut out; take that away first", "is_admin")
        await self._end(user)
        await self._note(admin, "ban", user, name, why)

    async def unban(self, admin: Actor, user: UserId, why: str) -> None:
        name = await self._store.name_of(user)
        await self._store.ban(user, None, "")
        await self._note(admin, "unban", user, name, why)

    async def end_session(self, admin: Actor, user: UserId, family: str, why: str) -> None:
        """Raises NotFound."""
        name = await self._store.name_of(user)
        ended = await self._sessions.end(user, self._clock.now(), only=family)
        if not ended:
            raise NotFound("there is no such session (any more)", "no_such_session")
        await self._revocations.revoke(*ended)
        await self._note(admin, "end_session", user, name, why)

    async def _end(self, user: UserId) -> None:
        ended: Sequence[str] = await self._sessions.end(user, self._clock.now())
        if ended:
            await self._revocations.revoke(*ended)

    async def _do(self, admin: Actor, room: RoomId, command: Command) -> None:
        """Once it is archived, so that the lists, which are read from PostgreSQL, show it at once."""
        engine = self._core.engine
        await engine.kept(await engine.handle(room, command, structs.replace(admin, overseer=True)))

    async def _note(self, admin: Actor, act: str, about: str, what: str, why: str) -> None:
        await self._store.note(Deed(admin.id, admin.name, act, about, what, why), self._clock.now())


def make_oversight(core: Core, pool: PostgresPool, accounts: Accounts, metrics: Metrics, clock: Clock) -> Oversight:
    vitals = Vitals(VitalsStore(pool), metrics, clock, core.holdings.process)
    store, sessions = OversightStore(pool), SessionStore(pool)
    heard = Overheard(OverheardStore(pool), clock)
    return Oversight(
        core, clock, store=store, sessions=sessions, revocations=accounts.revocations, heard=heard, vitals=vitals
    )
