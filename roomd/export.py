"""All of one person's data as a ZIP of JSON files, made while it is sent: one room or 500 rows are held at a time."""

import zipfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from roomd.core import Core
from roomd.dialects.room_object import timestamp
from roomd.domain.ids import RoomId, UserId
from roomd.domain.people import role_of
from roomd.domain.refusals import Limited
from roomd.domain.whole import CHAT_LENGTH, Whole
from roomd.store.own_data import OwnData, Record

#: Exports at the same time, in a process.
AT_ONCE = 2
#: Bytes that are sent together.
PART = 65_536
MOST_ROOMS = 100_000

Records = AsyncIterator[Record]


class Sink:
    """A file that is only written; what was, is taken from it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.waiting = 0

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        self.waiting += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken, self._parts, self.waiting = b"".join(self._parts), [], 0
        return taken


class Exports:
    def __init__(self, core: Core, data: OwnData) -> None:
        self._core = core
        self._data = data
        self._people: set[UserId] = set()

    @contextmanager
    def place(self, person: UserId) -> Iterator[None]:
        """The right to one export. Raises Limited: one person has one at a time, and all together AT_ONCE."""
        if person in self._people or len(self._people) >= AT_ONCE:
            raise Limited("an export is being made already; try again in a moment", 10.0, "busy")
        self._people.add(person)
        try:
            yield
        finally:
            self._people.discard(person)

    async def archive(self, person: UserId) -> AsyncIterator[bytes]:
        """The bytes of the ZIP, in parts. Raises Unavailable; then what came so far is no ZIP."""
        sink = Sink()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as file:  # type: ignore[call-overload]
            for name, records in self._files(person, await self._rooms_of(person)):
                with file.open(f"{name}.json", "w") as entry:
                    before = b"[\n"
                    async for record in records:
                        entry.write(before + msgspec.json.encode(record))
                        before = b",\n"
                        if sink.waiting >= PART:
                            yield sink.take()
                    entry.write(b"\n]\n" if before == b",\n" else b"[]\n")
        yield sink.take()

    def _files(self, person: UserId, rooms: Sequence[RoomId]) -> Iterator[tuple[str, Records]]:
        data = self._data
        yield "profile", data.profile(person)
        yield "sessions", data.sessions(person)
        yield "playlists", data.playlists(person)
        yield "favourites", data.favourites(person)
        yield "history", data.history(person)
        yield "rooms", self._rooms(person, rooms)
        yield "chat", self._chat(person, rooms)
        yield "reactions", self._reactions(person, rooms)
        yield "requests", self._requests(person, rooms)
        yield "bans", self._bans(person, rooms)
        yield "oversight", data.oversight(person)

    async def _rooms(self, person: UserId, rooms: Sequence[RoomId]) -> Records:
        async for whole in self._wholes(rooms, chat=False):
            room, member = whole.room, whole.room.members.get(person)
            if member is None:
                continue
            yield {
                "id": room.id,
                "code": room.code,
                "name": room.settings.name,
                "own_queue": room.settings.personal,
                "role": role_of(room, person),
                "joined_at": timestamp(member.joined_at),
                "songs_added": [
                    {"title": each.track.title, "artist": each.track.artist, "at": timestamp(each.added_at)}
                    for each in room.entries.values()
                    if each.by == person
                ],
            }

    async def _chat(self, person: UserId, rooms: Sequence[RoomId]) -> Records:
        async for whole in self._wholes(rooms, chat=True):
            for line in whole.chat:
                if line.by == person:
                    told: dict[str, Any] = {"room": whole.room.code, "at": timestamp(line.at), "text": line.text}
                    yield told | {"id": line.id, "reply_to": line.reply_to}

    async def _reactions(self, person: UserId, rooms: Sequence[RoomId]) -> Records:
        async for whole in self._wholes(rooms, chat=True):
            for line in whole.chat:
                emoji = [each for each, people in line.reactions.items() if person in people]
                if emoji:
                    yield {"room": whole.room.code, "line": line.id, "emoji": emoji}

    async def _bans(self, person: UserId, rooms: Sequence[RoomId]) -> Records:
        """Rooms that they may not come into (any more)."""
        async for whole in self._wholes(rooms, chat=False):
            if ban := whole.room.bans.get(person):
                yield {"room": whole.room.code, "at": timestamp(ban.at), "reason": ban.reason}

    async def _requests(self, person: UserId, rooms: Sequence[RoomId]) -> Records:
        async for whole in self._wholes(rooms, chat=False):
            for each in whole.room.requests.values():
                if each.by == person:
                    wanted = each.track.title if each.track else None
                    told = {"room": whole.room.code, "at": timestamp(each.at), "action": each.action, "title": wanted}
                    yield told | {"status": each.status, "reason": each.reason}

    async def _rooms_of(self, person: UserId) -> list[RoomId]:
        """The rooms that they are in, or were in as far as logs reach back."""
        core, data = self._core, self._data
        return sorted(
            {*await core.index.rooms_of(person, MOST_ROOMS), *await data.rooms(person), *await data.mentioned(person)}
        )

    async def _wholes(self, rooms: Sequence[RoomId], *, chat: bool) -> AsyncIterator[Whole]:
        """Read where they are: nothing is woken by it."""
        for room_id in rooms:
            whole = await self._whole(room_id, chat=chat)
            if whole is not None and not whole.room.closed:
                yield whole

    async def _whole(self, room_id: RoomId, *, chat: bool) -> Whole | None:
        core = self._core
        room = await core.store.load(room_id)
        if room is None:
            return await core.archive.read(room_id)
        return Whole(room=room, chat=tuple(await core.store.chat(room_id, CHAT_LENGTH)) if chat else ())
