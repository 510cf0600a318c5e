"""Letting people in: passwords are compared here, off the event loop, tries limited; the domain decides the rest."""

import hmac
from typing import Literal, NamedTuple

from roomd.domain.actor import Actor
from roomd.domain.door import SetDoor
from roomd.domain.ids import RoomId
from roomd.domain.membership import Join
from roomd.domain.refusals import Forbidden, Invalid
from roomd.domain.room import EntryMode, Room
from roomd.engine import Engine
from roomd.keeping import Receipt
from roomd.limiting import Limiter, Who
from roomd.passwords import Passwords
from roomd.store.attempts import Attempts

#: Characters of a room's password; it is said aloud at a party, so it may be short, and tries are limited.
MIN_PASSWORD = 3
MAX_PASSWORD = 128


class Entered(NamedTuple):
    """PENDING: the host has been asked."""

    status: Literal["JOINED", "PENDING"]
    receipt: Receipt

    @property
    def room(self) -> Room:
        return self.receipt.room


class Doorkeeper:
    def __init__(self, engine: Engine, passwords: Passwords, attempts: Attempts, limiter: Limiter, secret: str) -> None:
        self._engine = engine
        self._passwords = passwords
        self._attempts = attempts
        self.limiter = limiter
        self._secret = secret.encode()

    def origin(self, room_id: RoomId, address: str) -> str:
        """Where somebody comes from, told apart within one room and nowhere else, and not to be turned back."""
        if not address:
            return ""
        return "origin:" + hmac.digest(self._secret, f"{room_id} {address}".encode(), "sha256").hex()[:24]

    async def join(self, room_id: RoomId, actor: Actor, address: str, password: str = "") -> Entered:
        """Make a member of whoever may come in, or ask the host. Raises a Refusal."""
        room = await self._engine.room(room_id)
        admitted = False
        if room.settings.entry_mode == "password" and actor.id not in room.members:
            await self.demand_password(room, address, password)
            admitted = True
        command = Join(admitted=admitted, origin=self.origin(room_id, address))
        receipt = await self._engine.handle(room_id, command, actor)
        return Entered("PENDING" if actor.id in receipt.room.pending else "JOINED", receipt)

    async def set_door(
        self, room_id: RoomId, actor: Actor, mode: EntryMode, password: str, command_id: str | None
    ) -> Receipt:
        """Change how people come in."""
        hashed = await self.hash(password) if mode == "password" and password else ""
        return await self._engine.handle(room_id, SetDoor(entry_mode=mode, password_hash=hashed), actor, command_id)

    async def hash(self, password: str) -> str:
        """The hash of a room's password. Raises Invalid."""
        if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
            reason = f"must have {MIN_PASSWORD} to {MAX_PASSWORD} characters"
            raise Invalid(f"The password {reason}.", fields={"password": reason})
        return await self._passwords.hash(password)

    async def demand_password(self, room: Room, address: str, password: str) -> None:
        """Raise a refusal unless this is the password of a room behind one."""
        if not password:
            raise Forbidden("This room asks for a password.", "password_needed")
        key, who = f"room {room.id}", Who(room=room.id)
        self.limiter.demand("wrong_password", who)
        await self._attempts.begin(key, address)
        if not await self._passwords.matches(password[:MAX_PASSWORD], room.password_hash):
            await self.limiter.use("wrong_password", who)
            raise Forbidden("That is not the room's password.", "wrong_password")
        await self._attempts.clear(key, address)
