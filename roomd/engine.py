"""The one way in: a command is decided on the room as it is, and what it leads to is committed whole or not at all.

One lock per room keeps this process from racing itself (without it, 50 writers cost 22.7 retries per commit; with it,
none). Other processes are kept honest by the commit script, which refuses a decision made on an older room; then it is
made again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from roomd.archived import Level
from roomd.domain import rules
from roomd.domain.actor import Actor
from roomd.domain.commit import Commit
from roomd.domain.ids import Code, RoomId, UserId, is_code, is_uuid, make_code, make_uuid, tidy_code
from roomd.domain.moment import Moment, Moments
from roomd.domain.opening import open_room
from roomd.domain.refusals import NotFound, Refusal, Unavailable
from roomd.domain.room import Room, RoomOpened, RoomSettings
from roomd.domain.words import Command
from roomd.keeping import Keeping, Receipt, demand_kept
from roomd.noting import Notes, sooner
from roomd.store.index import Index
from roomd.store.rooms import Done, Doubted, Outcome, RoomStore, Stale
from roomd.turns import Turns, too_busy

#: Rooms kept in memory between commands (a cold load of a 500-track queue is 30 times as slow as a warm commit).
WARM_ROOMS = 2_000
#: Seconds for which a decision is made anew because another process was faster.
BUSY_S = 2.0
#: Seconds to wait before repeating a commit that Redis did not answer; the script knows the command's id.
RETRY_S = (0.05, 0.2, 0.5)
#: Seconds after which an unanswered commit is left to the sender to repeat.
GIVE_UP_S = 1.0
#: Seconds within which a command is answered, whatever is wrong.
PATIENCE_S = 2.5

#: Who acts when time does.
SYSTEM = Actor(UserId(""), "roomd")


class Engine:
    def __init__(self, store: RoomStore, index: Index, keeper: Keeping, moment: Moments) -> None:
        self._store = store
        self._index = index
        self._notes = Notes(index)
        self._keeper = keeper
        self._moment = moment
        self._warm: OrderedDict[RoomId, Room] = OrderedDict()
        self._turns = Turns()
        self._watchers: list[Callable[[Room, Commit, Room], None]] = []

    def watch(self, told: Callable[[Room, Commit, Room], None]) -> None:
        """Have somebody told of every commit made here, between the room before it and after: they must not raise."""
        self._watchers.append(told)

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
        await self._commit(None, room, commit, None)
        self._keeper.note(room.id, commit)
        await self._store.keep_code(room.code)
        await self._index.touch(room.id, moment.now, room.settings.visibility == "public")
        self._keep(room)
        return room

    async def find(self, ref: str) -> RoomId:
        """The room that an id or a code (as people type it) names. Raises NotFound."""
        if is_uuid(ref.lower()):
            return RoomId(ref.lower())
        code = Code(tidy_code(ref[:64]))
        found = await self._store.find_code(code)
        if found is None and is_code(code):
            found = await self._keeper.find_code(code)
        if found is None:
            raise no_such_room()
        return found

    async def room(self, room_id: RoomId) -> Room:
        """The room as it is now. Raises NotFound."""
        warm = self._warm.get(room_id)
        room = await self._led_on(warm) if warm is not None else None
        return room or await self._load(room_id)

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
        # Two people may choose the same id; the same person's is the same command.
        scoped = f"{actor.id}:{command_id}" if command_id else None
        try:
            async with asyncio.timeout(PATIENCE_S), self._turns.take(room_id):
                return await self._decided(room_id, command, actor, command_id, scoped)
        except TimeoutError:
            # What became of the command is not known; sent again under its id, it takes effect once.
            self._warm.pop(room_id, None)
            raise Unavailable("The room store does not answer. Try again in a moment.") from None

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

    async def _decided(
        self, room_id: RoomId, command: Command, actor: Actor, command_id: str | None, scoped: str | None
    ) -> Receipt:
        began = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() - began < BUSY_S:
            before = self._warm.get(room_id) or await self._load(room_id)
            decided = self._decide(before, command, actor, command_id)
            if isinstance(decided, Refusal) or not decided.events:
                receipt = await self._unchanged(before, scoped, decided)
            else:
                await self._keeper.hold(room_id)
                receipt = await self._change(before, decided, scoped)
            if receipt is not None:
                return receipt
            if before.id in self._warm:
                await self._led_on(before)
        raise too_busy()

    def learn(self, room: Room) -> None:
        """Take over a newer copy that the hub has made from another process's commits."""
        known = self._warm.get(room.id)
        if known is not None and (known.epoch, known.rev) < (room.epoch, room.rev):
            self._keep(room)

    def drop(self, room_id: RoomId) -> None:
        """The room is not in Redis any more: there is no use in leading the copy of it on."""
        self._warm.pop(room_id, None)

    def peek(self, room_id: RoomId, epoch: int, rev: int) -> Room | None:
        """The copy at exactly this number, if this process made it: saves applying the same events again."""
        known = self._warm.get(room_id)
        return known if known is not None and (known.epoch, known.rev) == (epoch, rev) else None

    def _decide(self, before: Room, command: Command, actor: Actor, command_id: str | None) -> Commit | Refusal:
        moment = self._moment(before.id)
        try:
            events = rules.decide(before, command, actor, moment)
        except Refusal as refusal:
            return refusal
        return Commit(
            epoch=before.epoch,
            rev=before.rev + 1,
            at=moment.now,
            by=actor.id or None,
            by_name=actor.name if actor.id else "",
            command=command_id,
            events=tuple(events),
        )

    async def _unchanged(self, before: Room, scoped: str | None, decided: Commit | Refusal) -> Receipt | None:
        """Why nothing is to be changed; None when that was decided on a copy that is not the room as it is now."""
        if scoped is None or isinstance(decided, Refusal):
            at, seen = await self._store.at(before.id, scoped or "")
        else:
            at, seen = await self._store.unchanged(before, scoped, decided.at)
        if at != (before.epoch, before.rev):
            return None
        if seen is not None:
            # What was done the first time may be impossible the second: then it is no refusal.
            return self.receipt(before, seen)
        if isinstance(decided, Refusal):
            raise decided
        return self.receipt(before, before.rev)

    def receipt(self, room: Room, rev: int) -> Receipt:
        """For what took effect earlier."""
        return Receipt(room, rev, self._keeper.settled(room.id, room.epoch, rev))

    async def _change(self, before: Room, commit: Commit, scoped: str | None) -> Receipt | None:
        """Commit; None when the room has moved on."""
        after = rules.apply(before, commit)
        outcome = await self._commit(before, after, commit, scoped)
        if isinstance(outcome, Stale):
            if outcome.rev < before.rev:
                # It is gone, or went back in time: no log leads there.
                self._warm.pop(before.id, None)
            return None
        if isinstance(outcome, Done):
            kept = self._keeper.note(after.id, commit)
            self._keep(after)
            for told in self._watchers:
                told(before, commit, after)
            await self._noted(before, after, commit)
            return Receipt(after, after.rev, kept)
        self._warm.pop(after.id, None)
        if isinstance(outcome, Doubted):
            await self._load(after.id)
            return None
        if outcome.rev == after.rev:
            # Our own try, whose answer was lost; or the same command through another process.
            await self._noted(before, after, commit)
        return self.receipt(after if after.closed else await self._load(after.id), outcome.rev)

    async def _commit(self, before: Room | None, after: Room, commit: Commit, scoped: str | None) -> Outcome:
        """Commit, repeating what got no answer: under an id that the script knows again, so it takes effect once."""
        stored_id = scoped or f":{self._moment().dice.getrandbits(64):x}"
        due = sooner(before, after)
        began = asyncio.get_running_loop().time()
        for wait in (*RETRY_S, None):
            try:
                if due is not None:
                    # Before the commit: a look too many is harmless, a deadline that nobody knows of is not.
                    await self._index.plan(after.id, due)
                return await self._store.commit(before, after, commit, stored_id)
            except Unavailable:
                if wait is None or asyncio.get_running_loop().time() - began > GIVE_UP_S:
                    self._warm.pop(after.id, None)
                    raise
            await asyncio.sleep(wait)
        raise AssertionError("unreachable")

    async def _noted(self, before: Room, after: Room, commit: Commit) -> None:
        if after.closed:
            self._warm.pop(after.id, None)
            self._keeper.bury(after)
        await self._notes.note(before, after, commit)

    async def _forget(self, room: Room) -> None:
        self._warm.pop(room.id, None)
        await self._notes.forget(room)
        self._keeper.bury(room)

    async def _load(self, room_id: RoomId) -> Room:
        room = await self._keeper.load(room_id)
        if room is None or room.closed:
            if room is not None:
                await self._forget(room)
            raise no_such_room()
        self._keep(room)
        return room

    async def _led_on(self, old: Room) -> Room | None:
        """The copy led on to the room as it is now; None where the log does not lead there. Cheaper than loading."""
        at, commits = await self._store.since(old.id, old.rev)
        room = old
        for commit in commits:
            if (commit.epoch, commit.rev) == (room.epoch, room.rev + 1):
                room = rules.apply(room, commit)
        if at != (room.epoch, room.rev) or room.closed:
            self._warm.pop(old.id, None)
            return None
        self._keep(room)
        return room

    def _keep(self, room: Room) -> None:
        known = self._warm.get(room.id)
        if known is not None and (known.epoch, known.rev) > (room.epoch, room.rev):
            # The hub heard of what came next before we heard of our own commit.
            return
        self._warm[room.id] = room
        self._warm.move_to_end(room.id)
        if len(self._warm) > WARM_ROOMS:
            self._warm.popitem(last=False)

    async def _claim_code(self, room_id: RoomId, moment: Moment) -> Code:
        for _ in range(20):
            code = make_code(moment.dice)
            if await self._store.claim_code(code, room_id) and not await self._keeper.taken(code):
                return code
        raise Unavailable("No room code is free. Try again in a moment.")


def no_such_room() -> NotFound:
    return NotFound("There is no such room, or it was closed.", "no_such_room")
