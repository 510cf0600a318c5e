"""Commands of a room in order, in lots; and that nobody is left without an answer."""

import asyncio
from collections import deque
from collections.abc import Sequence

import pytest
from hub_world import until
from rooms_world import ALICE, ROOM

from roomd.desks import LOT, TURN_S, Asked, Desks, Lot, TooBusy, next_lot
from roomd.domain.chat import Say
from roomd.domain.ids import RoomId
from roomd.domain.refusals import Forbidden, Unavailable

OTHER = RoomId("7b0d7e1c-0000-4000-8000-000000000002")
THIRD = RoomId("7b0d7e1c-0000-4000-8000-000000000003")


def asked(once: str) -> Asked:
    loop = asyncio.get_running_loop()
    return Asked(Say(text=once), ALICE, once, once, loop.create_future(), loop.time())


class Book:
    """Notes what it is given at once, and answers it when it is let."""

    def __init__(self) -> None:
        self.given: list[list[tuple[RoomId, list[str]]]] = []
        self.let = asyncio.Event()
        self.fault: BaseException | None = None
        self.desks = Desks(self.carry_out)
        self.answering: set[asyncio.Task[None]] = set()

    @property
    def lots(self) -> list[tuple[RoomId, list[str]]]:
        return [lot for lots in self.given for lot in lots]

    def carry_out(self, lots: Sequence[Lot]) -> None:
        self.given.append([(lot.room, [each.once for each in lot.asked]) for lot in lots])
        self.answering |= {asyncio.ensure_future(self.answer(lot)) for lot in lots}

    async def answer(self, lot: Lot) -> None:
        await self.let.wait()
        if self.fault is None:
            for each in lot.asked:
                if each.once != "forgotten":
                    each.answer.set_result(each.once)  # type: ignore[arg-type]
        self.desks.over(lot, self.fault)


@pytest.mark.gen_test(timeout=10)
async def test_what_comes_meanwhile_is_the_next_lot_and_rooms_do_not_wait_for_each_other() -> None:
    book, said = Book(), [asked(str(n)) for n in range(LOT + 5)]
    book.desks.take(ROOM, said[0])
    assert book.lots == [(ROOM, ["0"])]
    for each in said[1:]:
        book.desks.take(ROOM, each)
    other = asked("other")
    book.desks.take(OTHER, other)
    await until(lambda: len(book.lots) == 2)
    names = [each.once for each in said]
    assert book.lots == [(ROOM, names[:1]), (OTHER, ["other"])]
    book.let.set()
    assert await asyncio.gather(*(each.answer for each in [*said, other])) == [*names, "other"]
    assert book.lots[2:] == [(ROOM, names[1 : LOT + 1]), (ROOM, names[LOT + 1 :])]
    assert not book.desks._waiting


@pytest.mark.gen_test(timeout=10)
async def test_a_fault_is_everybodys_whom_it_left_unanswered_and_of_nobody_else() -> None:
    book, said = Book(), [asked("a"), asked("b")]
    book.fault = Forbidden("No.")
    for each in said:
        book.desks.take(ROOM, each)
    book.let.set()
    answers = await asyncio.gather(*(each.answer for each in said), return_exceptions=True)
    assert all(isinstance(answer, Forbidden) for answer in answers)
    book.fault = None
    later, forgotten = asked("c"), asked("forgotten")
    book.desks.take(ROOM, later)
    book.desks.take(ROOM, forgotten)
    assert await later.answer == "c"
    with pytest.raises(Unavailable):
        await forgotten.answer


@pytest.mark.gen_test(timeout=10)
async def test_who_has_gone_is_left_out_and_who_waited_too_long_is_told_so() -> None:
    now = asyncio.get_running_loop().time()
    gone, late, good = asked("gone"), asked("late"), asked("good")
    gone.answer.cancel()
    late.came = now - TURN_S - 0.1
    assert next_lot(deque([gone, late, good]), now) == [good]
    with pytest.raises(TooBusy):
        await late.answer
    assert next_lot(deque([late]), now) == []


@pytest.mark.gen_test(timeout=10)
async def test_the_same_command_sent_twice_is_not_in_one_lot() -> None:
    waiting = deque([asked("a"), asked("b"), asked("a"), asked("c")])
    lots = [[each.once for each in next_lot(waiting, 0.0)] for _ in range(3)]
    assert lots == [["a", "b"], ["a", "c"], []]


@pytest.mark.gen_test(timeout=10)
async def test_lots_that_begin_in_one_turn_are_given_together() -> None:
    book, alone, first, second = Book(), asked("alone"), [asked("a"), asked("b")], [asked("c"), asked("d")]
    book.desks.take(THIRD, alone)
    for room, each in zip((ROOM, OTHER), first, strict=True):
        book.desks.take(room, each)
    await until(lambda: len(book.given) == 2)
    for room, each in zip((ROOM, OTHER), second, strict=True):
        book.desks.take(room, each)
    book.let.set()
    await asyncio.gather(*(each.answer for each in [alone, *first, *second]))
    assert book.given == [[(THIRD, ["alone"])], [(ROOM, ["a"]), (OTHER, ["b"])], [(ROOM, ["c"]), (OTHER, ["d"])]]
