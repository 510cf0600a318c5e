"""A round that took long is followed by one that waits a moment for what is being committed to the room."""

from fanout_world import Slow, Turns

from roomd.domain.ids import SocketId
from roomd.fanout import Channel, Pace


class Waiting:
    """A room of four to whom each round takes 40 ms; `coming` is whether commands of it are under way."""

    def __init__(self, seconds: float = 0.01) -> None:
        self.turns, self.now, self.coming = Turns(), [100.0], False
        self.told: list[float] = []
        pace = Pace(lambda: self.now[0])
        self.channel = Channel(self.turns, self.told.append, pace, lambda: self.coming)
        self.ears = [Slow(SocketId(f"p.{n}")) for n in range(4)]
        for ear in self.ears:
            ear.now, ear.seconds = self.now, seconds
            self.channel.add(ear)
        self.channel.push(["a"])
        self.turns.all()
        assert self.heard() == ["a"]
        self.coming = True

    def heard(self) -> list[str]:
        (texts,) = {tuple(ear.texts) for ear in self.ears}
        return [*texts]

    def ring(self) -> None:
        """The time of its last timer has come."""
        timer = self.turns.later[-1]
        self.now[0] += timer.seconds
        timer.ring()
        self.turns.all()


def test_a_round_waits_for_what_is_being_committed_and_takes_it_along() -> None:
    room = Waiting()
    room.channel.push(["b"])
    room.turns.all()
    assert room.heard() == ["a"]
    room.channel.push(["c"])
    room.coming = False
    room.turns.all()
    assert room.heard() == ["a", "b", "c"]
    assert [len(ear.batches) for ear in room.ears] == [2] * 4
    assert all(timer.over for timer in room.turns.later)
    assert len(room.told) == 2


def test_it_waits_no_longer_than_a_share_of_the_round_before() -> None:
    room = Waiting()
    room.channel.push(["b"])
    room.turns.all()
    began = room.now[0]
    while room.heard() == ["a"]:
        assert room.now[0] <= began + 0.25 * 0.04
        room.ring()
    assert room.heard() == ["a", "b"]


def test_what_did_not_come_is_waited_for_no_more() -> None:
    room = Waiting()
    room.channel.push(["b"])
    room.turns.all()
    room.coming = False
    room.ring()
    assert room.heard() == ["a", "b"]


def test_what_is_flushed_does_not_wait() -> None:
    room = Waiting()
    room.channel.push(["b"])
    room.turns.all()
    room.channel.flush()
    assert room.heard() == ["a", "b"]
    room.turns.all()
    room.coming = False
    room.channel.push(["c"])
    room.turns.all()
    assert room.heard() == ["a", "b", "c"]


def test_rounds_that_are_short_do_not_wait() -> None:
    room = Waiting(seconds=0.0009)
    room.channel.push(["b"])
    room.turns.all()
    assert room.heard() == ["a", "b"]
    assert room.turns.later == []
