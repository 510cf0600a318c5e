"""The one way in: commands are decided on the room as it is, and what they lead to is committed whole or not at all.

Those of a room that come while others are being committed are decided in a row and committed together (desks.py). Other
processes are kept honest by the commit script, which refuses a decision made on an older room; then it is made again.
"""

import asyncio
from collections.abc import Callable, Sequence
from secrets import token_hex

from roomd.archived import Level
from roomd.copies import Copies
from roomd.deciding import Step, decide_all
from roomd.desks import Asked, Desks, too_busy
from roomd.domain.actor import Actor
from roomd.domain.commit import Commit
from roomd.domain.ids import Code, RoomId, UserId, is_code, is_uuid, make_code, make_uuid, tidy_code
from roomd.domain.moment import Moment, Moments
from roomd.domain.opening import open_room
from roomd.domain.refusals import Conflict, NotFound, Unavailable, no_such_room
from roomd.domain.room import Room, RoomOpened, RoomSettings
from roomd.domain.words import Command
from roomd.keeping import Keeping, Receipt, demand_kept
from roomd.noting import Notes
from roomd.store.index import Index
from roomd.store.plain import Change, change
from roomd.store.rooms import Done, Outcome, RoomStore, Seen, Stale
from roomd.warm import Warm

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
        self._warm = Warm()
        self._copies = Copies(store, keeper, self._notes, self._warm)
        self._desks = Desks(self._carry_out)
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
        opened = change(None, commit, room)
        await self._written([opened], [(f":{token_hex(8)}", commit.rev)], self._warm.sooner(None, room))
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
        # Two people may choose the same id; the same person's is the same command.
        once = f"{actor.id}:{command_id}" if command_id else f":{token_hex(8)}"
        asked = Asked(command, actor, command_id, once)
        self._desks.take(room_id, asked)
        return await asked.answer

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

    async def _carry_out(self, room_id: RoomId, lot: Sequence[Asked]) -> None:
        """Answer each of a lot. Raises what all are to be refused for who are not answered."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(PATIENCE_S - (began - lot[0].came)):
                while loop.time() - began < BUSY_S:
                    before = self._warm.get(room_id) or await self._copies.load(room_id)
                    steps = decide_all(before, [asked for asked in lot if not asked.answer.done()], self._moment)
                    if await self._taken(before, steps):
                        return
        except TimeoutError:
            # What became of the commands is not known; sent again under their ids, they take effect once.
            self._warm.drop(room_id)
            raise Unavailable("The room store does not answer. Try again in a moment.") from None
        raise too_busy()

    async def _taken(self, before: Room, steps: Sequence[Step]) -> bool:
        """Answer each of the steps; False when the room has moved on before all of them were."""
        if any(step.change is not None for step in steps):
            await self._keeper.hold(before.id)
            due = self._warm.sooner(before, steps[-1].after)
            outcome: Outcome | Conflict
            try:
                outcome = await self._commit(steps, due)
            except Conflict as refusal:
                outcome = refusal
            if isinstance(outcome, Done):
                await self._done(before, steps, due)
                return True
            if isinstance(outcome, Seen | Conflict) and len(steps) > 1:
                for step in steps:
                    # Among them is one that is to be answered otherwise than the others.
                    await self._carry_out(before.id, [step.asked])
                return True
            return await self._not_done(before, steps[0], outcome, due)
        for step in steps:
            if not await self._unchanged(step):
                await self._copies.moved_on(before)
                return False
        return True

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
        return Receipt(room, rev, self._keeper.settled(room.id, room.epoch, rev))

    async def _unchanged(self, step: Step) -> bool:
        """Answer a command that changes nothing; False when that was decided on what is not the room as it is now."""
        asked, room = step.asked, step.before
        if step.refusal is not None or asked.command_id is None:
            at, seen = await self._store.at(room.id, asked.once)
        else:
            at, seen = await self._store.unchanged(room, asked.once, self._moment().now)
        if at != (room.epoch, room.rev):
            return False
        if seen is not None:
            # What was done the first time may be impossible the second: then it is no refusal.
            asked.settle(self.receipt(room, seen))
        elif step.refusal is not None:
            asked.refuse(step.refusal)
        else:
            asked.settle(self.receipt(room, room.rev))
        return True

    async def _done(self, before: Room, steps: Sequence[Step], due: float | None) -> None:
        """All of the steps were committed, so what was decided on the way holds."""
        kept = {}
        for step in steps:
            if step.change is not None:
                kept[step.asked] = self._keeper.note(before.id, step.change)
        after = steps[-1].after
        self._warm.keep(after)
        for step in steps:
            if step.change is not None:
                for told in self._watchers:
                    told(step.before, step.change.commit, step.after)
        await self._noted(before, after, [step.change.commit for step in steps if step.change is not None], due)
        for step in steps:
            if step.refusal is not None:
                step.asked.refuse(step.refusal)
            elif step.change is not None:
                step.asked.settle(Receipt(step.after, step.after.rev, kept[step.asked]))
            else:
                step.asked.settle(self.receipt(step.after, step.after.rev))

    async def _not_done(self, before: Room, step: Step, outcome: Outcome | Conflict, due: float | None) -> bool:
        """Nothing was committed. Answers the one step that there was, where it took effect before or cannot."""
        if isinstance(outcome, Conflict):
            step.asked.refuse(outcome)
            return True
        if isinstance(outcome, Stale):
            if outcome.rev < before.rev:
                # It is gone, or went back in time: no log leads there.
                self._warm.drop(before.id)
            await self._copies.moved_on(before)
            return False
        self._warm.drop(before.id)
        if isinstance(outcome, Seen):
            if outcome.rev == step.after.rev and step.change is not None:
                # Our own try, whose answer was lost; or the same command through another process.
                await self._noted(before, step.after, [step.change.commit], due)
            room = step.after if step.after.closed else await self._copies.load(before.id)
            step.asked.settle(self.receipt(room, outcome.rev))
            return True
        await self._copies.load(before.id)
        return False

    async def _commit(self, steps: Sequence[Step], due: float | None) -> Outcome:
        changes = [step.change for step in steps if step.change is not None]
        return await self._written(changes, [step.known_by for step in steps if step.known_by is not None], due)

    async def _written(
        self, changes: Sequence[Change], known: Sequence[tuple[str, int | None]], due: float | None
    ) -> Outcome:
        """Commit, repeating what got no answer: under ids that the script knows again, so it takes effect once."""
        after = changes[-1].after
        self._warm.made(changes)
        began = asyncio.get_running_loop().time()
        for wait in (*RETRY_S, None):
            try:
                if due is not None:
                    # Before the commit: a look too many is harmless, a deadline that nobody knows of is not.
                    await self._index.plan(after.id, due)
                return await self._store.commit_all(changes, known)
            except Unavailable:
                if wait is None or asyncio.get_running_loop().time() - began > GIVE_UP_S:
                    self._warm.drop(after.id)
                    raise
            await asyncio.sleep(wait)
        raise AssertionError("unreachable")

    async def _noted(self, before: Room, after: Room, commits: Sequence[Commit], due: float | None) -> None:
        if after.closed:
            self._warm.drop(after.id)
            self._keeper.bury(after)
        await self._notes.note(before, after, commits, due)

    async def _claim_code(self, room_id: RoomId, moment: Moment) -> Code:
        for _ in range(20):
            code = make_code(moment.dice)
            if await self._store.claim_code(code, room_id) and not await self._keeper.taken(code):
                return code
        raise Unavailable("No room code is free. Try again in a moment.")
