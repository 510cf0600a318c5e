"""What PostgreSQL has of what was played in a room: of the history that counts, and of nothing else."""

import pytest
from msgspec import structs
from playlists_world import Shelf, shelf
from rooms_world import ALICE, ROOM, at, named, online, opened, tracks

from roomd.domain import rules
from roomd.domain.chat import Say
from roomd.domain.commit import Commit
from roomd.domain.history import SKIMMED_MS, played
from roomd.domain.playback import PlayEntry
from roomd.domain.room import Room, RoomOpened
from roomd.domain.words import Command
from roomd.store import plain
from roomd.store.room_history import RoomHistory


class Log:
    """A room whose commits are written into PostgreSQL by hand, and its histories with them."""

    def __init__(self, world: Shelf) -> None:
        self.pool = world.pool
        self.history = RoomHistory(world.pool)
        self.room: Room = online(opened(), ALICE)
        self.ms = 0.0

    async def begin(self, epoch: int, rev: int, opened_at: int | None = None) -> None:
        """A new history, opened with the room as it is now."""
        self.room = structs.replace(self.room, epoch=epoch, rev=rev)
        await self.pool.execute(
            "INSERT INTO rooms (id, code, name, epoch, last_activity) VALUES ($1, 'Q7K2MX', 'Friday', $2, 0) "
            "ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch",
            *(ROOM, epoch),
        )
        given = (ROOM, epoch, rev if opened_at is None else opened_at)
        await self.pool.execute("INSERT INTO room_epochs (room, epoch, opened) VALUES ($1, $2, $3)", *given)
        await self.write(Commit(epoch=epoch, rev=rev, at=at(self.ms).now, events=(RoomOpened(room=self.room),)))

    async def do(self, command: Command) -> None:
        self.ms += SKIMMED_MS + 1
        moment = at(self.ms, self.room.rev)
        events = tuple(rules.decide(self.room, command, ALICE, moment))
        commit = Commit(epoch=self.room.epoch, rev=self.room.rev + 1, at=moment.now, events=events)
        self.room = rules.apply(self.room, commit)
        await self.write(commit)

    async def play(self, title: str) -> None:
        await self.do(PlayEntry(entry=named(self.room, title)))

    async def write(self, commit: Commit) -> None:
        body = plain.encode_commit(commit).decode()
        given = (ROOM, commit.epoch, commit.rev, commit.at, body)
        await self.pool.execute(
            "INSERT INTO room_events (room, epoch, rev, at, body) VALUES ($1, $2, $3, $4, $5)", *given
        )

    async def heard(self) -> str:
        return " ".join(track.title for track in played(await self.history.played(ROOM), {}))


@pytest.mark.gen_test(timeout=30)
async def test_what_came_to_be(database_url: str) -> None:
    async with shelf(database_url) as world:
        log = Log(world)
        await log.begin(5, 1)
        await log.do(tracks("A", "B", "C", "D"))
        for title in "ABC":
            await log.play(title)
            await log.do(Say(text='they said "playback_changed" and "entries_added"'))
        assert len(await log.history.played(ROOM)) == 5
        assert await log.heard() == "A B C"
        # A server that lost touch went on; another one had begun anew before C, which nobody knows of any more.
        log.room = rewound(log.room, "B")
        await log.begin(6, 7)
        await log.play("D")
        assert await log.heard() == "A B D"
        # Brought from a file: what was before it is another room's.
        await log.begin(7, 1, opened_at=0)
        assert await log.heard() == ""
        await log.play("C")
        assert await log.heard() == "C"


@pytest.mark.gen_test(timeout=30)
async def test_what_a_newer_server_has_written_is_passed_over(database_url: str) -> None:
    async with shelf(database_url) as world:
        log = Log(world)
        await log.begin(5, 1)
        await log.do(tracks("A", "B"))
        await log.play("A")
        body = '{"epoch":5,"rev":4,"at":0,"events":[{"type":"playback_changed","line":[]},{"type":"from_tomorrow"}]}'
        await world.pool.execute(
            "INSERT INTO room_events (room, epoch, rev, at, body) VALUES ($1, 5, 4, 0, $2)", ROOM, body
        )
        assert await log.heard() == "A"


def rewound(room: Room, title: str) -> Room:
    """The room when this was the last thing played."""
    playback = structs.replace(room.playback, entry=named(room, title), playing=False)
    return structs.replace(room, playback=playback)
