"""Nothing is missing from a table: commands and their rules, events, rights, and what docs/protocol.md says of them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from msgspec import UNSET, inspect, structs
from rooms_world import ALICE, BOB, CAROL, DAVE, ERIN, NOBODY, START, after, at, named, online, party, track

from roomd.dialects import native
from roomd.domain import (
    door,
    membership,
    moderation,
    modes,
    permissions,
    personal,
    playback,
    queue,
    radio,
    requests,
    rules,
    votes,
)
from roomd.domain.actor import Actor
from roomd.domain.chat import React, Say
from roomd.domain.ids import MessageId, RequestId
from roomd.domain.knocks import Ban, Knock
from roomd.domain.listening import Listen
from roomd.domain.membership import HandOver, Leave, Reason, SetRole
from roomd.domain.people import RIGHTS, Right
from roomd.domain.refusals import Forbidden
from roomd.domain.room import Close, Room, Set
from roomd.domain.rules import EVENTS
from roomd.domain.undo import Undo
from roomd.domain.waiting import Ready, Stalled
from roomd.domain.wishes import Request
from roomd.domain.words import Command, Event
from roomd.store import plain

PROTOCOL = (Path(__file__).parent.parent / "docs" / "protocol.md").read_text(encoding="utf-8")
WISH = RequestId(f"wish-{ALICE.id}")
ROLES: Mapping[str, Actor] = {"host": ALICE, "cohost": BOB, "member": CAROL}


def subclasses(base: type) -> Iterator[type]:
    each: type
    for each in base.__subclasses__():
        if each.__module__.startswith("roomd."):
            yield each
            yield from subclasses(each)


def tag(kind: type) -> str:
    shape = inspect.type_info(kind)
    assert isinstance(shape, inspect.StructType)
    return str(shape.tag)


def fault_of(event: str) -> str:
    """What is wrong with a stored commit of one event that has nothing but its type."""
    try:
        plain.decode_commit(msgspec.json.encode({"epoch": 1, "rev": 1, "at": 0, "events": [{"type": event}]}))
    except msgspec.ValidationError as fault:
        return str(fault)
    return ""


def table(first_heading: str) -> dict[str, list[str]]:
    """The rows of the document's table that begins with this heading, by what stands in the first column."""
    lines = PROTOCOL[PROTOCOL.index(f"| {first_heading} |") :].splitlines()[2:]
    rows = {}
    for line in lines:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        rows[cells[0].strip("`")] = cells
    return rows


COMMANDS = table("command")
TOLD = table("event")


def test_every_command_has_a_rule() -> None:
    # These carry tracks and passwords as a client knows them; the handler makes the domain's out of them.
    assert set(subclasses(Command)) - {native.Add, native.Ask, native.Door} == set(rules._DECIDE)


def test_every_event_can_be_applied_and_read_back() -> None:
    assert set(subclasses(Event)) == set(rules._EVOLVE) == set(EVENTS)
    tags = [tag(kind) for kind in EVENTS]
    assert len(set(tags)) == len(tags)
    for kind in EVENTS:
        assert "Invalid value" not in fault_of(tag(kind))
    assert "Invalid value 'unheard_of'" in fault_of("unheard_of")


def test_every_native_command_is_documented_and_the_other_way_round() -> None:
    assert [tag(kind) for kind in native.COMMANDS if tag(kind) not in COMMANDS] == []
    assert sorted(COMMANDS) == sorted(tag(kind) for kind in native.COMMANDS)


@pytest.mark.parametrize("kind", [kind for kind in native.COMMANDS if kind is not Set], ids=tag)
def test_the_document_names_each_commands_fields_and_which_are_optional(kind: type[Command]) -> None:
    shape = inspect.type_info(kind)
    assert isinstance(shape, inspect.StructType)
    outside = re.sub(r"\([^)]*\)|: .*?(?=,|$)", "", COMMANDS[tag(kind)][1])
    documented = {name: bool(mark) for name, mark in re.findall(r"`(\w+)`(\?)?", outside)}
    assert documented == {field.encode_name: not field.required for field in shape.fields}


def test_the_document_names_every_setting() -> None:
    told = re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", TOLD["settings_changed"][1]))
    assert sorted(told) == sorted(["changes", "entry_mode", "personal", *Set.__struct_fields__])
    assert all(default is UNSET for default in Set.__struct_defaults__)


def test_every_event_is_documented_and_the_other_way_round() -> None:
    hidden = {"socket_opened", "socket_closed", "room_opened", "door_changed", "waited_in_vain"}
    # Ranks travel within the entries they belong to; of a ban, whom it is about and no more.
    kept = {("entries_added", "ranks"), ("banned", "keys"), ("banned", "ban"), ("unbanned", "keys")}
    assert set(TOLD) == {tag(kind) for kind in EVENTS} - hidden | {"presence"}
    for kind in EVENTS:
        if tag(kind) not in hidden:
            for name in kind.__struct_fields__:
                assert (tag(kind), name) in kept or f"`{name}`" in TOLD[tag(kind)][1]


def test_the_document_names_every_cause_and_every_reason() -> None:
    assert re.findall(r"`(\w+)`", TOLD["playback_changed"][1].partition("`cause`")[2]) == list(get_args(playback.Cause))
    assert re.findall(r"`(\w+)`", TOLD["host_changed"][1].partition("`reason`")[2].split(";")[0]) == list(
        get_args(Reason)
    )


def busy() -> Room:
    """Something plays, Dave is a member too, Erin waits at the door, Mallory is banned, everybody has a request."""
    room = after(party(), queue.Add(tracks=(track("Radio", None),)), playback.Play())
    wishes = {
        RequestId(f"wish-{actor.id}"): Request(
            id=RequestId(f"wish-{actor.id}"), by=actor.id, by_name=actor.name, action="add", track=track("W"), at=START
        )
        for actor in ROLES.values()
    }
    here = online(room, DAVE)
    # Their players report, and each was waited for in vain once.
    members = {key: structs.replace(member, reports=True, in_vain=1) for key, member in here.members.items()}
    return structs.replace(
        here,
        members=members,
        settings=structs.replace(room.settings, wait_buffering=True),
        requests=wishes,
        pending={ERIN.id: Knock(id=ERIN.id, name="Erin", guest=True, at=START)},
        bans={"user-mallory": Ban(name="Mallory", by=ALICE.id, at=START)},
    )


def examples(room: Room) -> Mapping[type[Command], Command]:
    """Each native command with values that make it change something, on somebody else's entry."""
    entry = named(room, "A")
    given: tuple[Command, ...] = (
        queue.Add(tracks=(track("New"),)),
        Listen(on=False),
        Undo(),
        Say(text="hi"),
        React(message="1", emoji="👍"),
        requests.Ask(action="add", track=track("Wish")),
        requests.Decide(requests=(WISH,), approve=True),
        requests.Withdraw(request=WISH),
        door.SetDoor(entry_mode="approval"),
        door.Admit(user=ERIN.id),
        moderation.BanUser(user=DAVE.id),
        moderation.ClearChat(),
        moderation.DeleteMessage(message=MessageId("1")),
        moderation.Kick(user=DAVE.id),
        moderation.Mute(user=DAVE.id),
        moderation.Unban(user="user-mallory"),
        modes.Dj(on=True),
        modes.Up(entry=entry),
        permissions.Permit(preset="everyone_pauses"),
        votes.VoteSkip(),
        HandOver(user=BOB.id),
        Listen(on=False),
        Leave(),
        SetRole(user=CAROL.id, role="cohost"),
        playback.Next(),
        playback.Pause(),
        playback.Play(position=1.0),
        playback.PlayEntry(entry=entry),
        playback.Previous(),
        playback.Rate(rate=2.0),
        playback.Seek(position=1.0),
        queue.Clear(),
        queue.Measured(entry=named(room, "Radio"), duration_ms=1_000.0),
        queue.Move(entry=entry),
        queue.Remove(entries=(entry,)),
        queue.Shuffle(),
        Ready(entry=named(room, "A")),
        Stalled(entry=named(room, "A")),
        Close(),
        Set(name="Other"),
    )
    wire: Mapping[type[Command], type[Command]] = {
        queue.Add: native.Add,
        requests.Ask: native.Ask,
        door.SetDoor: native.Door,
    }
    return {wire.get(type(each), type(each)): each for each in given}


@pytest.mark.parametrize("kind", native.COMMANDS, ids=tag)
def test_who_may_do_what_is_as_documented(kind: type[Command]) -> None:
    room = busy()
    command = examples(room)[kind]
    right = COMMANDS[tag(kind)][2].split(" ")[0]
    for role, actor in ROLES.items():
        if kind is requests.Withdraw:
            command = requests.Withdraw(request=next(key for key, wish in room.requests.items() if wish.by == actor.id))
        if right == "–" or right in RIGHTS[role]:  # type: ignore[index]
            assert rules.decide(room, command, actor, at(1_000))
        else:
            with pytest.raises(Forbidden) as caught:
                rules.decide(room, command, actor, at())
            assert caught.value.code == "forbidden"
    with pytest.raises(Forbidden) as caught:
        rules.decide(room, command, NOBODY, at())
    assert caught.value.code == "not_a_member"


def test_every_right_is_somebodys_and_is_asked_for_by_some_command() -> None:
    rights = set(get_args(Right))
    assert rights == set().union(*RIGHTS.values()) == RIGHTS["host"]
    assert {cells[2].split(" ")[0] for cells in COMMANDS.values()} - {"–"} == rights
    assert RIGHTS["member"] < RIGHTS["cohost"] < RIGHTS["host"]


def test_what_only_the_server_sends_cannot_be_sent_by_a_client() -> None:
    coming = (membership.Attach, membership.Detach, membership.Lapse, membership.Join)
    for kind in (*coming, rules.Tick, radio.Supply, personal.Party, queue.Load):
        assert kind not in native.COMMANDS
        with pytest.raises(native.Misunderstood, match="Invalid value"):
            native.hear(msgspec.json.encode({"type": tag(kind), "id": "c", "socket": "p.1", "process": "p"}).decode())
