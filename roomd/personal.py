"""A person's own queue is a room: made when it is first touched, played like any other, until it becomes a party.

Whether a room is still somebody's own queue stands in the room itself; the table, and the copy of it here, only say
where to look. So neither has to be right.
"""

import random
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress

from roomd.domain.actor import Actor
from roomd.domain.ids import RoomId, UserId
from roomd.domain.personal import Party
from roomd.domain.queue import MAX_ENTRIES, Add, Load
from roomd.domain.refusals import Invalid, NotFound, Refusal, Unavailable
from roomd.domain.room import Close, Room, RoomSettings
from roomd.domain.track import Track
from roomd.domain.words import Command
from roomd.engine import Engine
from roomd.keeping import Receipt
from roomd.store.party_keys import PartyKeys
from roomd.store.personal import PersonalRows

#: People whose room is remembered.
REMEMBERED = 10_000
#: Times that a room is looked for, or made, while others are doing the same.
TRIES = 5


class PersonalRooms:
    def __init__(self, engine: Engine, rows: PersonalRows, keys: PartyKeys) -> None:
        self._engine = engine
        self._rows = rows
        self._keys = keys
        self._known: OrderedDict[UserId, RoomId] = OrderedDict()

    async def room(self, actor: Actor) -> Room:
        """The actor's own queue, made where there is none (any more). Raises Unavailable."""
        remembered = self._known.get(actor.id)
        if remembered is not None and (room := await self._look(remembered, actor)) is not None:
            return room
        for _ in range(TRIES):
            found = await self._rows.find(actor.id)
            room = await self._look(found, actor) if found is not None else None
            if room is None:
                room = await self._make(actor, found)
            if room is not None:
                self._remember(actor.id, room.id)
                return room
        raise Unavailable("Your queue is being made. Try again in a moment.")

    async def play(
        self,
        actor: Actor,
        tracks: Sequence[Track],
        position: int | None = 0,
        *,
        shuffle: bool = False,
        why: Mapping[str, str] | None = None,
    ) -> Room:
        """The queue becomes these tracks, from the one at `position` on; of very many, those around it.

        With `shuffle` that one is the first and the others follow in any order; from position 0, any is the first.
        `why` as in `append`. Raises Invalid where there is no such position.
        """
        place = position or 0
        if not 0 <= place < len(tracks):
            reason = f"must be 0 to {len(tracks) - 1}" if tracks else "there is nothing to play"
            raise Invalid(f"position {reason}", fields={"position": reason})
        kept = list(tracks)
        if len(kept) > MAX_ENTRIES and shuffle:
            kept, place = [kept.pop(place), *random.sample(kept, MAX_ENTRIES - 1)], 0
        elif len(kept) > MAX_ENTRIES:
            first = min(place, len(kept) - MAX_ENTRIES)
            kept, place = kept[first : first + MAX_ENTRIES], place - first
        led = None if shuffle and not position else place
        reasons = tuple((why or {}).get(track.source, "") for track in kept)
        return await self._do(actor, Load(tracks=tuple(kept), position=led, shuffle=shuffle, why=reasons))

    async def append(self, actor: Actor, tracks: Sequence[Track], why: Mapping[str, str] | None = None) -> Room:
        """Add at the end; `why` some were chosen, by their songs' ids, where not by a person."""
        reasons = tuple((why or {}).get(track.source, "") for track in tracks)
        return await self._do(actor, Add(tracks=tuple(tracks), why=reasons))

    async def party(self, actor: Actor, command: Party, once: str | None = None) -> Receipt:
        """Make a party of the actor's queue; the next touch makes a new one. Under one id `once`, one party."""
        room_id = await self._keys.room(actor.id, once) if once else None
        if room_id is None:
            room_id = (await self.room(actor)).id
            # Where two are sent at the same time, one of them may find the queue that follows the party.
            room_id = await self._keys.claim(actor.id, once, room_id) if once else room_id
        receipt = await self._engine.handle(room_id, command, actor, once)
        if self._known.get(actor.id) == room_id:
            del self._known[actor.id]
        with suppress(Unavailable):
            await self._rows.let_go(actor.id, room_id)
        return receipt

    async def _do(self, actor: Actor, command: Command) -> Room:
        """Carry out a command in the actor's own queue; the room after it. Raises a Refusal."""
        receipt = await self._engine.handle((await self.room(actor)).id, command, actor)
        await self._engine.kept(receipt)
        return receipt.room

    async def _look(self, room_id: RoomId, actor: Actor) -> Room | None:
        """The room, if it is the actor's own queue."""
        try:
            room = await self._engine.room(room_id)
        except NotFound:
            return None
        return room if room.settings.personal and room.owner == actor.id else None

    async def _make(self, actor: Actor, instead: RoomId | None) -> Room | None:
        """A new one; None where somebody else has made one meanwhile."""
        settings = RoomSettings(name="Own queue", visibility="private", autoplay=False, radio=True, personal=True)
        room = await self._engine.open(settings, actor)
        claimed = False
        try:
            await self._engine.kept(self._engine.receipt(room, room.rev))
            claimed = await self._rows.claim(actor.id, room.id, instead)
        finally:
            if not claimed:
                with suppress(Refusal):
                    await self._engine.handle(room.id, Close(), actor)
        return room if claimed else None

    def _remember(self, person: UserId, room: RoomId) -> None:
        self._known[person] = room
        self._known.move_to_end(person)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
