"""One frame for everybody, one write for what one turn of the loop brings, and big rooms in slices."""

import asyncio
import struct

import pytest
from fanout_world import Ear, Slow, Turns
from hypothesis import given
from hypothesis import strategies as st

from roomd.domain.ids import SocketId
from roomd.fanout import ALONE_S, LONG_SLICE, SLICE, Channel, Pace, frame


def given_ears(count: int) -> tuple[Turns, Channel, list[Ear]]:
    turns = Turns()
    channel = Channel(turns)
    ears = [Ear(SocketId(f"p.{n}")) for n in range(count)]
    for ear in ears:
        channel.add(ear)
    return turns, channel, ears


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_a_frame_is_as_the_standard_has_it(size: int) -> None:
    data = frame("x" * size)
    assert data[0] == 0x81
    if size < 126:
        length, rest = data[1], data[2:]
    elif size < 65_536:
        assert data[1] == 126
        (length,), rest = struct.unpack("!H", data[2:4]), data[4:]
    else:
        assert data[1] == 127
        (length,), rest = struct.unpack("!Q", data[2:10]), data[10:]
    assert (length, len(rest)) == (size, size)


def test_lengths_are_those_of_bytes() -> None:
    assert frame("ü🎵") == b"\x81\x06" + "ü🎵".encode()


def test_what_one_turn_brings_goes_in_one_write_made_once() -> None:
    turns, channel, ears = given_ears(3)
    channel.push(["a"])
    channel.push(["b", "c"])
    assert ears[0].batches == []
    turns.all()
    assert [ear.texts for ear in ears] == [["a", "b", "c"]] * 3
    assert ears[0].batches[0] is ears[1].batches[0]
    assert ears[0].batches[0].data == frame("a") + frame("b") + frame("c")


def test_big_rooms_are_told_in_slices_and_what_comes_meanwhile_comes_after() -> None:
    turns, channel, ears = given_ears(3 * SLICE)
    channel.push(["a"])
    turns.turn()
    # So that others get their turn.
    assert sum(bool(ear.batches) for ear in ears) == SLICE
    channel.push(["b"])
    turns.all()
    assert all(ear.texts == ["a", "b"] for ear in ears)


def test_whoever_comes_is_told_from_then_on_and_whoever_goes_no_more() -> None:
    turns, channel, ears = given_ears(2)
    channel.push(["a"])
    late = Ear(SocketId("p.late"))
    channel.add(late)
    # The newcomer knows it already, and nobody is told more quickly for that.
    assert [ears[0].texts, late.texts] == [[], []]
    channel.push(["b"])
    channel.remove(ears[1].id)
    turns.all()
    assert [ears[0].texts, ears[1].texts, late.texts] == [["a", "b"], ["a"], ["b"]]


def test_flush_tells_everything_before_it_returns() -> None:
    turns, channel, ears = given_ears(2 * SLICE)
    channel.push(["a"])
    turns.turn()
    channel.push(["b"])
    channel.flush()
    assert all(ear.texts == ["a", "b"] for ear in ears)
    turns.all()
    assert all(ear.texts == ["a", "b"] for ear in ears)
    channel.push(["c"])
    turns.all()
    assert all(ear.texts == ["a", "b", "c"] for ear in ears)


class Crowd:
    """A room in which anything happens, and what each of those in it is to have heard."""

    def __init__(self) -> None:
        self.turns, self.now, self.busy = Turns(), [0.0], False
        self.channel = Channel(self.turns, pace=Pace(lambda: self.now[0]), coming=lambda: self.busy)
        self.ears: list[Ear] = []
        self.heard_from: dict[str, int] = {}
        self.until: dict[str, int] = {}
        self.said = 0
        for _ in range(SLICE + 3):
            self.add()

    def push(self) -> None:
        self.channel.push([str(self.said)])
        self.said += 1

    def turn(self) -> None:
        self.turns.turn()

    def flush(self) -> None:
        self.channel.flush()

    def coming(self) -> None:
        self.busy = not self.busy

    def ring(self) -> None:
        for timer in self.turns.later:
            self.now[0] += 0.0 if timer.over else timer.seconds
            timer.ring()

    def add(self) -> None:
        ear = Slow(SocketId(f"p.{len(self.ears)}"))
        ear.now = self.now
        self.ears.append(ear)
        self.channel.add(ear)
        self.heard_from[ear.id] = self.said

    def remove(self) -> None:
        if gone := next((ear for ear in self.ears if ear.id not in self.until), None):
            self.channel.remove(gone.id)
            self.until[gone.id] = self.said

    def end(self) -> None:
        while self.turns.due or any(not timer.over for timer in self.turns.later):
            self.turns.all()
            self.ring()


@given(st.lists(st.sampled_from(["push", "turn", "flush", "add", "remove", "coming", "ring"]), max_size=60))
def test_everybody_hears_an_unbroken_run_in_order(acts: list[str]) -> None:
    crowd = Crowd()
    for act in acts:
        getattr(crowd, act)()
    crowd.end()
    for ear in crowd.ears:
        expected = [str(n) for n in range(crowd.heard_from[ear.id], crowd.said)]
        if ear.id in crowd.until:
            assert ear.texts == expected[: len(ear.texts)]
        elif any(each.id not in crowd.until for each in crowd.ears):
            assert ear.texts == expected


@pytest.mark.gen_test(timeout=10)
async def test_on_a_real_loop_it_takes_a_turn() -> None:
    channel, ear = Channel(), Ear(SocketId("p.1"))
    channel.add(ear)
    channel.push(["a"])
    await asyncio.sleep(0)
    assert ear.texts == ["a"]


def test_a_room_that_is_told_things_alone_has_longer_turns() -> None:
    now = [100.0]
    turns, pace = Turns(), Pace(lambda: now[0])
    alone, other = Channel(turns, pace=pace), Channel(turns, pace=pace)
    ears = [Ear(SocketId(f"p.{n}")) for n in range(2 * LONG_SLICE)]
    for ear in ears:
        alone.add(ear)
    other.add(Ear(SocketId("p.other")))

    def told_in_one_turn() -> int:
        alone.push(["a"])
        before = sum(len(ear.batches) for ear in ears)
        turns.turn()
        told = sum(len(ear.batches) for ear in ears) - before
        turns.all()
        return told

    assert told_in_one_turn() == SLICE
    now[0] += ALONE_S
    assert told_in_one_turn() == LONG_SLICE
    other.push(["b"])
    turns.all()
    assert told_in_one_turn() == SLICE
