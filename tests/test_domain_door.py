"""The door, given a room: who comes in at once, who waits, and who is turned away."""

import pytest
from rooms_world import ALICE, BOB, CAROL, DAVE, ERIN, NOBODY, START, after, do, online, opened, party, person, socket

from roomd.domain.actor import Actor
from roomd.domain.door import ADDRESS_BAN_MS, MAX_PENDING, Admit, DoorChanged, KnockAnswered, Knocked, SetDoor
from roomd.domain.ids import UserId
from roomd.domain.membership import Attach, Join, Leave, MemberJoined
from roomd.domain.moderation import BanUser
from roomd.domain.refusals import Invalid, Refusal
from roomd.domain.room import Room
from roomd.domain.words import Command

GUEST = Actor(UserId("user-guest"), "Guest", guest=True)


def guarded() -> Room:
    return after(party(), SetDoor(entry_mode="approval"))


def locked() -> Room:
    return after(party(), SetDoor(entry_mode="password", password_hash="hash"))


def code_of(room: Room, command: Command, actor: Actor, ms: float = 0.0) -> str:
    with pytest.raises(Refusal) as caught:
        do(room, command, actor, ms)
    return caught.value.code


def test_the_door_is_changed_by_those_who_may_and_only_where_it_changes() -> None:
    room, events = do(party(), SetDoor(entry_mode="password", password_hash="hash"), BOB)
    assert events == (DoorChanged(entry_mode="password", password_hash="hash"),)
    assert (room.settings.entry_mode, room.password_hash) == ("password", "hash")
    assert do(room, SetDoor(entry_mode="password"))[1] == ()
    changed = after(room, SetDoor(entry_mode="password", password_hash="other"))
    assert changed.password_hash == "other"
    assert after(changed, SetDoor(entry_mode="public")).password_hash == ""
    assert do(party(), SetDoor(entry_mode="public"))[1] == ()
    assert code_of(party(), SetDoor(entry_mode="approval"), CAROL) == "forbidden"
    with pytest.raises(Invalid) as caught:
        do(party(), SetDoor(entry_mode="password"))
    assert list(caught.value.fields) == ["password"]


def test_a_password_is_asked_of_whoever_is_no_member_yet() -> None:
    room = locked()
    assert code_of(room, Join(), DAVE) == "password_needed"
    assert code_of(room, Attach(socket=socket(DAVE)), DAVE) == "password_needed"
    assert DAVE.id in after(room, Join(admitted=True), actor=DAVE).members
    assert do(room, Attach(socket=socket(CAROL, number=2)), CAROL)[1]
    assert do(room, Join(), CAROL)[1] == ()


def test_where_the_host_answers_one_waits_once_and_is_let_in() -> None:
    room, (knocked,) = do(guarded(), Join(origin="origin:x"), DAVE, ms=5)
    assert isinstance(knocked, Knocked)
    assert (knocked.knock.id, knocked.knock.name, knocked.knock.at) == (DAVE.id, "Dave", START + 5)
    assert (list(room.pending), DAVE.id in room.members) == ([DAVE.id], False)
    assert do(room, Join(), DAVE)[1] == ()
    assert code_of(room, Attach(socket=socket(DAVE)), DAVE) == "approval_needed"
    room, (answered, joined) = do(room, Admit(user=DAVE.id), BOB)
    assert answered == KnockAnswered(user=DAVE.id, approved=True, by=BOB.id)
    assert isinstance(joined, MemberJoined)
    assert (joined.member.name, joined.member.origin, room.pending) == ("Dave", "origin:x", {})
    assert do(room, Attach(socket=socket(DAVE)), DAVE)[1]


def test_whoever_is_turned_away_may_ask_again() -> None:
    room = after(guarded(), Join(), actor=DAVE)
    room, events = do(room, Admit(user=DAVE.id, approve=False))
    assert events == (KnockAnswered(user=DAVE.id, approved=False, by=ALICE.id),)
    assert (room.pending, DAVE.id in room.members) == ({}, False)
    assert after(room, Join(), actor=DAVE).pending


def test_one_may_go_away_from_the_door() -> None:
    room = after(guarded(), Join(), actor=DAVE)
    room, events = do(room, Leave(), DAVE)
    assert events == (KnockAnswered(user=DAVE.id, approved=False, by=DAVE.id),)
    assert room.pending == {}


def test_who_answers_and_whom() -> None:
    room = after(guarded(), Join(), actor=DAVE)
    assert code_of(room, Admit(user=DAVE.id), CAROL) == "forbidden"
    assert code_of(room, Admit(user=ERIN.id), ALICE) == "no_such_knock"
    assert code_of(room, Admit(user=DAVE.id), NOBODY) == "not_a_member"
    assert code_of(after(room, Admit(user=DAVE.id)), Admit(user=DAVE.id), ALICE) == "no_such_knock"


def test_whoever_comes_in_another_way_does_not_wait_any_more() -> None:
    room = after(guarded(), Join(), actor=DAVE)
    room = after(room, SetDoor(entry_mode="public"))
    assert list(room.pending) == [DAVE.id]
    room = after(room, Join(), actor=DAVE)
    assert (room.pending, DAVE.id in room.members) == ({}, True)


def test_so_many_may_wait() -> None:
    room = guarded()
    for n in range(MAX_PENDING):
        room = after(room, Join(), actor=person(f"Guest{n}"))
    assert code_of(room, Join(), DAVE) == "door_crowded"


@pytest.mark.parametrize("mode", ["public", "approval"])
def test_a_ban_reaches_the_next_guest_from_there_but_nobody_with_an_account(mode: str) -> None:
    room = after(party(), Join(origin="origin:x"), actor=GUEST)
    room = after(room, BanUser(user=GUEST.id, reason="noise"), SetDoor(entry_mode=mode))  # type: ignore[arg-type]
    next_guest = Actor(UserId("user-next"), "Next", guest=True)
    for actor in (GUEST, next_guest):
        assert code_of(room, Join(origin="origin:x", admitted=True), actor) == "banned"
        assert code_of(room, Attach(socket=socket(actor), origin="origin:x"), actor) == "banned"
    assert code_of(room, Join(origin="origin:y"), GUEST) == "banned"
    assert do(room, Join(origin="origin:y"), next_guest)[1]
    assert do(room, Join(origin="origin:x"), DAVE)[1]
    assert do(room, Join(origin=""), next_guest)[1]
    # Whoever has that address the day after is somebody else; the guest themself stays out.
    assert code_of(room, Join(origin="origin:x", admitted=True), next_guest, ms=ADDRESS_BAN_MS - 1) == "banned"
    assert do(room, Join(origin="origin:x", admitted=True), next_guest, ms=ADDRESS_BAN_MS)[1]
    assert code_of(room, Join(origin="origin:x", admitted=True), GUEST, ms=ADDRESS_BAN_MS) == "banned"


def test_a_password_does_not_lift_a_ban() -> None:
    room = after(online(locked(), BOB), BanUser(user=CAROL.id))
    assert code_of(room, Join(admitted=True), CAROL) == "banned"
    assert opened().bans == {}
