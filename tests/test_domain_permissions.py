"""Who may do what, given a room: presets, tables, and that a host is never locked out."""

import pytest
from rooms_world import ALICE, BOB, CAROL, NOBODY, after, do, named, party

from roomd.domain.people import ALL_RIGHTS, RIGHTS, may, rights_of
from roomd.domain.permissions import PRESETS, Permit, RightsChanged
from roomd.domain.playback import Next, Pause, Play, Seek
from roomd.domain.queue import Move, Remove
from roomd.domain.refusals import Forbidden, Invalid
from roomd.domain.room import Close
from roomd.domain.words import Command


@pytest.mark.parametrize(
    ("preset", "allowed"),
    [
        ("party", {"add"}),
        ("host_only", set()),
        ("everyone_pauses", {"add", "play"}),
        ("everyone_controls", {"add", "play", "seek", "skip", "remove", "reorder"}),
    ],
)
def test_what_a_preset_gives_a_member(preset: str, allowed: set[str]) -> None:
    room = after(party(), Permit(role="member", rights=frozenset()))
    room = after(room, Permit(preset=preset))  # type: ignore[arg-type]
    assert rights_of(room, "member") == allowed | {"chat", "request", "vote"}
    assert rights_of(room, "cohost") == RIGHTS["cohost"]
    assert rights_of(room, "host") == ALL_RIGHTS


def test_rights_are_what_commands_ask_for() -> None:
    room = after(party(), Play())
    commands: tuple[Command, ...] = (
        Pause(),
        Seek(position=1.0),
        Next(),
        Move(entry=named(room, "B")),
        Remove(entries=(named(room, "B"),)),
    )
    free = after(room, Permit(preset="everyone_controls"))
    for command in commands:
        with pytest.raises(Forbidden, match=r"Only the host and co-hosts|yourself"):
            do(room, command, CAROL)
        assert do(free, command, CAROL)[1]
    pausing = after(room, Permit(preset="everyone_pauses"))
    assert do(pausing, Pause(), CAROL)[1]
    with pytest.raises(Forbidden):
        do(pausing, Next(), CAROL)


def test_one_role_is_changed_alone_and_only_where_it_changes() -> None:
    room, events = do(party(), Permit(role="cohost", rights=frozenset({"play"})))
    assert events == (RightsChanged(rights={"cohost": frozenset({"play"})}),)
    assert (may(room, BOB.id, "play"), may(room, BOB.id, "skip"), may(room, CAROL.id, "add")) == (True, False, True)
    assert do(room, Permit(role="cohost", rights=frozenset({"play"})))[1] == ()
    assert do(party(), Permit(preset="party"))[1] == ()
    assert do(room, Permit(preset="party"))[1] == (RightsChanged(rights={"cohost": RIGHTS["cohost"]}),)
    with pytest.raises(Forbidden, match="Only the host can skip"):
        do(room, Next(), BOB)


def test_what_is_the_hosts_own_stays_so() -> None:
    with pytest.raises(Invalid) as caught:
        do(party(), Permit(role="cohost", rights=frozenset({"roles", "close", "play"})))
    assert caught.value.fields == {"rights": "close and roles stay with the host"}
    for room in (after(party(), Permit(preset="everyone_controls")), party()):
        for actor in (BOB, CAROL):
            with pytest.raises(Forbidden):
                do(room, Permit(preset="host_only"), actor)
            with pytest.raises(Forbidden):
                do(room, Close(), actor)
    assert all(not (rights & {"roles", "close"}) for table in PRESETS.values() for rights in table.values())


def test_either_a_preset_or_a_role() -> None:
    for command in (Permit(), Permit(preset="party", role="member")):
        with pytest.raises(Invalid):
            do(party(), command)
    with pytest.raises(Forbidden) as caught:
        do(party(), Permit(preset="party"), NOBODY)
    assert caught.value.code == "not_a_member"
    assert do(party(), Close(), ALICE)[1]
