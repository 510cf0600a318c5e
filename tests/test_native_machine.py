"""Random people who say random things over the native WebSocket: every message is answered, nothing breaks, and whoever
followed the events holds the room that a newcomer is told.
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from msgspec import inspect
from serving import Live, Person, Served
from state_audience import canonical, difference
from state_reducer import Client
from test_docs import rows
from test_domain_properties import value
from test_native_malformed import MALFORMED
from tornado.ioloop import IOLoop

from roomd.dialects import native
from roomd.domain import room as rooms
from roomd.domain.room import Room

T = TypeVar("T")
#: Closing is for everybody, and there would be nothing left to say.
KINDS = [kind for kind in native.COMMANDS if kind not in {rooms.Close, native.Add}]
CODES = {row[0].strip("`") for row in rows("errors.md")} - {"internal", "unavailable", "lost"}
#: Why a connection may end here: one left, was sent away, or the room's history began anew.
ENDS = {1000, 1012, 4503}
NAMES = ("Alice", "Bob", "Carol")


class Follower:
    """Somebody's connection, and the room as they know it from events."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.client = Client()
        self.rev = 0

    async def next(self) -> dict[str, Any] | None:
        message = await self.live.next()
        match message:
            case {"type": "state", "rev": rev, "room": room}:
                self.client.begin(room)
                self.rev = rev
            case {"type": "commit", "rev": rev, "events": events}:
                assert rev == self.rev + 1
                self.client.take(events)
                self.rev = rev
            case {"type": "error", "code": code}:
                assert code in CODES, message
            case None:
                assert self.live.socket.close_code in ENDS, self.live.heard[-3:]
        return message

    async def until(self, there: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
        while (message := await self.next()) is not None:
            if there(message):
                return message
        return None


class Talk(RuleBasedStateMachine):
    served: ClassVar[Served]
    loop: ClassVar[IOLoop]
    people: ClassVar[dict[str, Person]]
    media: ClassVar[str]
    #: How often what was answered, over all histories.
    heard: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.here: dict[str, Follower] = {}
        self.said = 0
        self.code = self.run(lambda: self.served.room(self.people["Alice"]))
        self.id = self.run(lambda: self.served.services.engine.find(self.code))
        for name in NAMES:
            self.run(lambda name=name: self.come(name))  # type: ignore[misc]

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        found: T = self.loop.run_sync(work, timeout=30)
        return found

    @property
    def room(self) -> Room:
        room = self.served.services.hub.peek(self.id)
        assert room is not None
        return room

    async def come(self, name: str, resume: dict[str, int] | None = None) -> None:
        """Some may not come in any more."""
        follower = Follower(await self.served.enter(self.people[name], self.code, resume))
        first = await follower.until(lambda message: message["type"] in {"state", "waiting", "error"})
        if first is not None and first["type"] == "state":
            self.here[name] = follower

    async def say(self, name: str, text: str, command: str | None) -> None:
        follower = self.here[name]
        await follower.live.socket.write_message(text)
        told = await follower.until(lambda told: told["type"] in {"ack", "error"} and told.get("id") == command)
        self.heard[told["type"] if told else "closed"] += 1
        if told is None:
            del self.here[name]

    @rule(name=st.sampled_from(NAMES), kind=st.sampled_from(KINDS), data=st.data())
    def command(self, name: str, kind: type[Any], data: st.DataObject) -> None:
        if name not in self.here:
            return
        self.said += 1
        asked = data.draw(value(self.room, "", inspect.type_info(kind)))
        text = json.dumps(msgspec.to_builtins(asked) | {"id": f"m{self.said}"})
        for each in self.people.values():
            text = text.replace(f"user-{each.name.lower()}", each.id)
        self.run(lambda: self.say(name, text, f"m{self.said}"))

    @rule(name=st.sampled_from(NAMES), at=st.sampled_from(["end", "next"]), count=st.integers(1, 3))
    def add(self, name: str, at: str, count: int) -> None:
        if name not in self.here:
            return
        self.said += 1
        message = {"type": "add", "id": f"m{self.said}", "at": at, "tracks": [{"url": self.media}] * count}
        self.run(lambda: self.say(name, json.dumps(message), message["id"]))  # type: ignore[arg-type]

    @rule(name=st.sampled_from(NAMES), said=st.sampled_from(MALFORMED))
    def malformed(self, name: str, said: tuple[bytes, str, str | None]) -> None:
        if name in self.here:
            self.run(lambda: self.say(name, said[0].decode(), said[2]))

    @rule(name=st.sampled_from(NAMES))
    def come_again(self, name: str) -> None:
        if (follower := self.here.pop(name, None)) is not None:
            follower.live.socket.close()
        self.run(lambda: self.come(name))

    @invariant()
    def the_host_is_somebody_who_is_in(self) -> None:
        assert not self.room.members or self.room.host in self.room.members

    def teardown(self) -> None:
        self.run(self.compare)
        for follower in self.here.values():
            follower.live.socket.close()

    async def compare(self) -> None:
        """What everybody holds with what is told now."""
        told = Follower(await self.served.enter(self.people["Alice"], self.code))
        first = await told.until(lambda message: message["type"] in {"state", "waiting", "error"})
        if first is not None and first["type"] == "state":
            for name, follower in self.here.items():
                if await level(follower, told) and await level(told, follower):
                    found = difference(canonical(follower.client.room), canonical(told.client.room))
                    assert not found, f"{name}: {found}"
        told.live.socket.close()


async def level(behind: Follower, ahead: Follower) -> bool:
    """Whether one came to hear as much as another."""
    while behind.rev < ahead.rev:
        if await behind.next() is None:
            return False
    return True


@pytest.mark.logs(maybe="lost the subscription|too slow")
def test_whatever_people_say_is_answered_and_all_hold_the_same_room(served: Served, io_loop: IOLoop) -> None:
    async def begun() -> tuple[dict[str, Person], str]:
        people = {name: await served.person(name) for name in NAMES}
        found = (await people["Alice"].call("GET", "/api/catalogue/search/?q=walk")).json()
        return people, found["tracks"][0]["preview"]

    people, media = io_loop.run_sync(begun, timeout=30)
    heard: Counter[str] = Counter()
    given = {"served": served, "loop": io_loop, "people": people, "media": media, "heard": heard}
    talk = type("TheTalk", (Talk,), given)
    run_state_machine_as_test(
        talk,
        settings=settings(
            max_examples=8,
            stateful_step_count=16,
            derandomize=True,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert heard["ack"] > 20, heard
    assert heard["error"] > 20, heard
