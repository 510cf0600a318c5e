"""Copies of rooms that this process keeps between commands, and what it knows of them without looking."""

from collections import OrderedDict
from collections.abc import Sequence

from roomd.domain import rules
from roomd.domain.ids import Code, RoomId
from roomd.domain.room import Room
from roomd.store.plain import Change, rung

#: What the rooms may weigh together that are kept in memory between commands: 16,000 of five people, or 480 with 500
#: tracks, some 200 MB. (A cold load of a room costs 3 times a warm commit, one of a 500-track queue 30 times.)
MOST = 250_000
#: What a room weighs beside its members and its tracks.
ITSELF = 10
#: Lots of this process's own that the bell may still bring back.
LOTS = 256


class Warm:
    def __init__(self) -> None:
        self._rooms: OrderedDict[RoomId, Room] = OrderedDict()
        self._codes: dict[Code, RoomId] = {}
        self._dues: dict[RoomId, tuple[Room, float | None]] = {}
        self._made: OrderedDict[bytes, Sequence[Change]] = OrderedDict()
        self._weight = 0

    def __len__(self) -> int:
        return len(self._rooms)

    def __contains__(self, room_id: RoomId) -> bool:
        return room_id in self._rooms

    def get(self, room_id: RoomId) -> Room | None:
        return self._rooms.get(room_id)

    def find(self, code: Code) -> RoomId | None:
        """The room of that code, where there is a copy of it here; whether it still is, a look at it says."""
        return self._codes.get(code)

    def keep(self, room: Room) -> None:
        """Unless a later copy is here: the hub hears of what comes next before we hear of our own commit."""
        known = self._rooms.get(room.id)
        if known is room:
            return
        if known is not None and (known.epoch, known.rev) > (room.epoch, room.rev):
            return
        self._rooms[room.id] = room
        self._rooms.move_to_end(room.id)
        self._codes[room.code] = room.id
        self._weight += _weight(room) - (_weight(known) if known is not None else 0)
        while self._weight > MOST and len(self._rooms) > 1:
            self.drop(next(iter(self._rooms)))

    def drop(self, room_id: RoomId) -> None:
        self._dues.pop(room_id, None)
        room = self._rooms.pop(room_id, None)
        if room is None:
            return
        self._weight -= _weight(room)
        if self._codes.get(room.code) == room_id:
            del self._codes[room.code]

    def due(self, room: Room) -> float | None:
        """The room's next deadline. It takes a look at every member, so it is kept for as long as the room is."""
        known = self._dues.get(room.id)
        if known is not None and known[0] is room:
            return known[1]
        return self._keep_due(room, rules.deadline(room))

    def sooner(self, before: Room | None, after: Room) -> float | None:
        """The room's next deadline, if it comes sooner than the one that was known."""
        was_due = self.due(before) if before else None
        if before is not None and rules.same_deadline(before, after):
            self._keep_due(after, was_due)
            return None
        due = self.due(after)
        return due if due is not None and (was_due is None or due < was_due) else None

    def _keep_due(self, room: Room, due: float | None) -> float | None:
        if room.id in self._rooms:
            self._dues[room.id] = room, due
        return due

    def made(self, changes: Sequence[Change]) -> None:
        """These are about to be committed: when the bell brings them, they need not be applied again."""
        self._made[rung(changes)] = changes
        if len(self._made) > LOTS:
            self._made.popitem(last=False)

    def recognised(self, data: bytes) -> Sequence[Change] | None:
        """What the bell brings, where it was made here: a commit says when it was made, so it is no other."""
        return self._made.pop(data, None)


def _weight(room: Room) -> int:
    return ITSELF + len(room.members) + len(room.entries)
