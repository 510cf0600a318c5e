"""The one way in: commands are decided on the room as it is, and what they lead to is committed whole or not at all.

Those of a room that come while others are being committed are decided in a row and committed together (desks.py), and
so are those of several rooms (group_commit.py). Other processes are kept honest by the commit script, which refuses a
decision made on an older room; then it is made again.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from secrets import token_hex

from roomd.archived import Level
from roomd.committing import Committing, Watcher
from roomd.copies import Copies
from roomd.desks import Asked
from roomd.domain.actor import Actor
from roomd.domain.commit import Commit
from roomd.domain.ids import Code, RoomId, UserId, is_code, is_uuid, make_code, make_uuid, tidy_code
from roomd.domain.moment import Moment, Moments
from roomd.domain.opening import open_room
from roomd.domain.refusals import NotFound, Refusal, Unavailable, no_such_room
from roomd.domain.room import Room, RoomOpened, RoomSettings
from roomd.domain.words import Command
from roomd.group_commit import GroupCommit
from roomd.keeping import Keeping, Receipt, demand_kept
from roomd.noting import Notes
from roomd.store.commit_script import Transaction
from roomd.store.index import Index
from roomd.store.plain import Change, change
from roomd.store.rooms import RoomStore
from roomd.tally import Tally
from roomd.warm import Warm

#: Who acts when time does.
SYSTEM = Actor(UserId(""), "roomd")


class Engine:
    def __init__(self, store: RoomStore, index: Index, keeper: Keeping, moment: Moments) -> None:
        self._store = store
        self._index = index
        self._keeper = keeper
        self._moment = moment
        #: Commands by what they are and how they ended: `ok`, or the code of the refusal.
        self.results = Tally("roomd_commands", "Commands that were decided here", "command", "result")
        self._warm = Warm()
        notes = Notes(index)
        self._copies = Copies(store, keeper, notes, self._warm)
        self._committing = Committing(
            store=store,
            index=index,
            keeper=keeper,
            notes=notes,
            warm=self._warm,
            copies=self._copies,
            moment=moment,
        )
        self._group = GroupCommit(
            store=store,
            keeper=keeper,
            notes=notes,
            warm=self._warm,
            committing=self._committing,
            moment=moment,
        )

    def watch(self, told: Watcher) -> None:
        """Have somebody told of every commit made here, between the room before it and after: they must not raise."""
        self._committing.watchers.append(told)

    def look_again(self, room_id: RoomId) -> None:
        """Redis has been given other words for the same room: the copy of it here is of no more use."""
        self._warm.drop(room_id)

    async def open(self, settings: RoomSettings, actor: Actor, password_hash: str = "") -> Room:
        """Make a room under a code of its own; `password_hash` is of the password that lets people in, if one does."""
        moment = self._moment()
        room_id = RoomId(make_uuid(moment.dice))
        code = await self._claim_code(room_id, moment)
        room = open_room(room_id, code, settings, actor, moment, password_hash=password_hash)
        commit = Commit(
            epoch=room.epoch,
            rev=room.rev,
            at=moment.now,
            by=actor.id,
            by_name=actor.name,
            events=(RoomOpened(room=room),),
        )
        await self._keeper.hold(room.id)
        await self._index.add_room_of(actor.id, room.id, moment.now)
        opened = change(None, commit, room)
        made = Transaction([opened], [(f":{token_hex(8)}", commit.rev)])
        await self._committing.written(made, self._warm.sooner(None, room))
        self._keeper.note(room.id, opened)
        await self._store.keep_code(room.code)
        await self._index.touch(room.id, moment.now, room.settings.visibility == "public")
        self._warm.keep(room)
        return room

    async def find(self, ref: str) -> RoomId:
        """The room that an id or a code (as people type it) names. Raises NotFound."""
        if is_uuid(ref.lower()):
            return RoomId(ref.lower())
        code = Code(tidy_code(ref[:64]))
        found = self._warm.find(code) or await self._store.find_code(code)
        if found is None and is_code(code):
            found = await self._keeper.find_code(code)
        if found is None:
            raise no_such_room()
        return found

    async def room(self, room_id: RoomId) -> Room:
        """The room as it is now. Raises NotFound."""
        return await self._copies.now(room_id)

    async def public_rooms(self, limit: int) -> list[Room]:
        """Rooms that anybody may see, the most recently active first."""
        rooms = []
        for room_id in await self._index.active(limit):
            try:
                room = await self.room(room_id)
            except NotFound:
                await self._index.forget(room_id)
                continue
            if room.settings.visibility == "public":
                rooms.append(room)
        return rooms

    async def handle(self, room_id: RoomId, command: Command, actor: Actor, command_id: str | None = None) -> Receipt:
        """Carry out a command once, however often it is sent under its id. Raises a Refusal."""
        return await self.ask(room_id, command, actor, command_id)

    def ask(
        self, room_id: RoomId, command: Command, actor: Actor, command_id: str | None = None
    ) -> asyncio.Future[Receipt]:
        """As `handle`, behind what the room was asked before; whoever does not wait for the answer saves a task."""
        # Two people may choose the same id; the same person's is the same command.
        once = f"{actor.id}:{command_id}" if command_id else f":{token_hex(8)}"
        loop = asyncio.get_running_loop()
        asked = Asked(command, actor, command_id, once, loop.create_future(), loop.time())
        asked.answer.add_done_callback(partial(self._count, str(command.__struct_config__.tag)))
        self._group.desks.take(room_id, asked)
        return asked.answer

    def _count(self, name: str, answer: asyncio.Future[Receipt]) -> None:
        if answer.cancelled():
            return
        fault = answer.exception()
        if fault is None or isinstance(fault, Refusal):
            self.results.add(name, fault.code if fault is not None else "ok")

    def busy(self, room_id: RoomId) -> bool:
        """Whether commands of the room are under way here."""
        return room_id in self._group.desks

    async def kept(self, receipt: Receipt) -> Level:
        """How safe a command's effect is by now. Raises Unavailable when it was lost before anybody was told of it."""
        return demand_kept(await receipt.kept)

    async def adopt(self, room_id: RoomId) -> bool:
        """Archive what a process that died has left in a room; False when the room is not in Redis."""
        at, _ = await self._store.at(room_id)
        if at is not None:
            await self._keeper.hold(room_id)
            self._keeper.settled(room_id, *at)
        return at is not None

    def learn(self, room: Room) -> None:
        """Take over a newer copy that the hub has made from another process's commits."""
        if room.closed:
            # Its number stays what it is until it is gone from Redis, so the copy would pass for a room that is there.
            self._warm.drop(room.id)
        elif room.id in self._warm:
            self._warm.keep(room)

    def drop(self, room_id: RoomId) -> None:
        """The room is not in Redis any more: there is no use in leading the copy of it on."""
        self._warm.drop(room_id)

    def recognised(self, data: bytes) -> Sequence[Change] | None:
        """What the bell brings, where it was made here."""
        return self._warm.recognised(data)

    def receipt(self, room: Room, rev: int) -> Receipt:
        """For what took effect earlier."""
        return self._committing.receipt(room, rev)

    async def _claim_code(self, room_id: RoomId, moment: Moment) -> Code:
        for _ in range(20):
            code = make_code(moment.dice)
            if await self._store.claim_code(code, room_id) and not await self._keeper.taken(code):
                return code
        raise Unavailable("No room code is free. Try again in a moment.")
