"""People, given a room: who comes, goes, hosts, and stands in."""

import pytest
from msgspec import structs
from rooms_world import ALICE, BOB, CAROL, DAVE, NOBODY, START, after, at, do, online, opened, party, person, socket

from roomd.domain import rules
from roomd.domain.actor import Actor
from roomd.domain.ids import SocketId, UserId
from roomd.domain.membership import (
    HOST_GRACE_MS,
    MAX_MEMBERS,
    MAX_SOCKETS,
    Attach,
    Detach,
    HandOver,
    HostChanged,
    Join,
    Lapse,
    Leave,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    SetRole,
    SocketClosed,
    SocketOpened,
)
from roomd.domain.people import Member, role_of
from roomd.domain.refusals import Conflict, Forbidden, NotFound
from roomd.domain.room import Close, Room, RoomClosed
from roomd.domain.rules import Tick


def gone(room: Room, *actors: Actor, ms: float = 0.0) -> Room:
    for actor in actors:
        for held in room.members[actor.id].sockets:
            room = after(room, Detach(socket=held), actor=actor, ms=ms)
    return room


def roles(room: Room) -> dict[str, str | None]:
    return {member.name: role_of(room, member.id) for member in room.members.values()}


def test_a_room_begins_with_its_maker() -> None:
    room = opened()
    assert (room.owner, room.host, room.rev) == (ALICE.id, ALICE.id, 1)
    assert room.members == {ALICE.id: Member(id=ALICE.id, name="Alice", joined_at=START, seen_at=START)}


def test_join_once_and_again_under_another_name() -> None:
    room, events = do(opened(), Join(), BOB, ms=5)
    assert isinstance(events[0], MemberJoined)
    assert roles(room) == {"Alice": "host", "Bob": "member"}
    assert do(room, Join(), BOB)[1] == ()
    renamed, events = do(room, Join(), Actor(BOB.id, "Robert"))
    assert events == (MemberRenamed(user=BOB.id, name="Robert"),)
    assert roles(renamed) == {"Alice": "host", "Robert": "member"}


def test_sockets_open_and_close_and_only_the_first_and_the_last_count() -> None:
    room, events = do(opened(), Attach(socket=SocketId("p.1")), BOB)
    assert events[1] == SocketOpened(user=BOB.id, socket=SocketId("p.1"), first=True, at=START)
    room, events = do(room, Attach(socket=SocketId("q.1")), BOB)
    assert events == (SocketOpened(user=BOB.id, socket=SocketId("q.1"), first=False, at=START),)
    assert do(room, Attach(socket=SocketId("q.1")), BOB)[1] == ()
    room, events = do(room, Detach(socket=SocketId("p.1")), BOB, ms=7)
    assert events == (SocketClosed(user=BOB.id, socket=SocketId("p.1"), last=False, at=START + 7),)
    assert do(room, Detach(socket=SocketId("p.1")), BOB)[1] == ()
    room, events = do(room, Detach(socket=SocketId("q.1")), BOB, ms=9)
    assert events == (SocketClosed(user=BOB.id, socket=SocketId("q.1"), last=True, at=START + 9),)
    assert (room.members[BOB.id].online, room.members[BOB.id].seen_at) == (False, START + 9)
    assert do(room, Detach(socket=SocketId("q.1")), NOBODY)[1] == ()


def test_a_member_has_only_so_many_sockets() -> None:
    room = opened()
    for number in range(MAX_SOCKETS):
        room = after(room, Attach(socket=socket(BOB, number=number)), actor=BOB)
    with pytest.raises(Conflict) as caught:
        do(room, Attach(socket=SocketId("p.more")), BOB)
    assert caught.value.code == "too_many_sockets"


def test_a_process_that_died_takes_its_sockets_with_it() -> None:
    room = online(online(opened(), ALICE, BOB, process="p"), BOB, CAROL, process="q")
    lapsed, events = do(room, Lapse(process="q"), ms=3)
    assert [(event.user, event.last) for event in events if isinstance(event, SocketClosed)] == [
        (BOB.id, False),
        (CAROL.id, True),
    ]
    assert [member.online for member in lapsed.members.values()] == [True, True, False]
    assert do(lapsed, Lapse(process="q"))[1] == ()
    room = after(online(opened(), ALICE, process="q"), Attach(socket=SocketId("q.2")))
    assert [event.last for event in do(room, Lapse(process="q"))[1]] == [False, True]  # type: ignore[attr-defined]


def test_roles_are_given_and_taken() -> None:
    room = after(party(), SetRole(user=CAROL.id, role="cohost"))
    assert roles(room) == {"Alice": "host", "Bob": "cohost", "Carol": "cohost"}
    assert do(room, SetRole(user=CAROL.id, role="cohost"))[1] == ()
    assert roles(after(room, SetRole(user=BOB.id, role="member")))["Bob"] == "member"
    with pytest.raises(Conflict) as caught:
        do(room, SetRole(user=ALICE.id, role="member"))
    assert caught.value.code == "is_host"
    for command in (SetRole(user=DAVE.id, role="cohost"), HandOver(user=DAVE.id)):
        with pytest.raises(NotFound) as missing:
            do(room, command)
        assert missing.value.code == "no_such_member"


def test_a_host_hands_over_for_good() -> None:
    room, events = do(party(), HandOver(user=CAROL.id))
    assert events == (HostChanged(host=CAROL.id, owner=CAROL.id, reason="handed_over"),)
    assert roles(room) == {"Alice": "member", "Bob": "cohost", "Carol": "host"}
    assert do(room, HandOver(user=CAROL.id), CAROL)[1] == ()
    back = online(gone(room, ALICE), ALICE)
    assert back.host == CAROL.id
    with pytest.raises(Forbidden):
        do(room, HandOver(user=ALICE.id), ALICE)


def test_a_lost_host_is_stood_in_for_and_gets_the_room_back() -> None:
    room = gone(party(), ALICE, ms=1_000)
    assert rules.deadline(room) == START + 1_000 + HOST_GRACE_MS
    assert do(room, Tick(), ms=1_000 + HOST_GRACE_MS - 1)[1] == ()
    room, events = do(room, Tick(), ms=1_000 + HOST_GRACE_MS)
    assert events == (HostChanged(host=BOB.id, owner=ALICE.id, reason="lost"),)
    assert rules.deadline(room) is None
    room, events = do(room, Attach(socket=socket(ALICE)), ALICE, ms=60_000)
    assert events[-1] == HostChanged(host=ALICE.id, owner=ALICE.id, reason="returned", former="cohost")
    assert roles(room) == {"Alice": "host", "Bob": "cohost", "Carol": "member"}


def test_who_hosted_has_the_role_from_before_afterwards() -> None:
    room, events = do(after(party(), HandOver(user=BOB.id)), HandOver(user=CAROL.id), BOB)
    assert events == (HostChanged(host=CAROL.id, owner=CAROL.id, reason="handed_over", former="cohost"),)
    assert roles(room) == {"Alice": "member", "Bob": "cohost", "Carol": "host"}


def test_a_host_who_is_back_in_time_never_went() -> None:
    room = online(gone(party(), ALICE), ALICE, ms=5_000)
    assert rules.deadline(room) is None
    assert do(room, Tick(), ms=HOST_GRACE_MS * 2)[1] == ()


def test_nobody_stands_in_when_nobody_is_there() -> None:
    room = gone(party(), ALICE, BOB, CAROL)
    assert rules.deadline(room) is None
    room = online(room, CAROL, ms=HOST_GRACE_MS * 5)
    assert after(room, Tick(), ms=HOST_GRACE_MS * 5).host == CAROL.id


def test_who_stands_in_is_there_then_co_host_then_longest_here() -> None:
    room = online(party(), DAVE, ms=50)
    assert after(room, Leave()).host == BOB.id
    assert after(gone(room, BOB), Leave()).host == CAROL.id
    assert after(gone(room, BOB, CAROL), Leave()).host == DAVE.id
    assert after(gone(room, BOB, CAROL, DAVE), Leave()).host == BOB.id


def test_a_host_who_leaves_is_followed_by_the_heir() -> None:
    room, events = do(party(), Leave())
    assert events == (HostChanged(host=BOB.id, owner=BOB.id, reason="left"), MemberLeft(user=ALICE.id, name="Alice"))
    assert roles(room) == {"Bob": "host", "Carol": "member"}


def test_a_stand_in_who_leaves_and_an_owner_who_leaves_while_stood_in_for() -> None:
    room = after(gone(party(), ALICE), Tick(), ms=HOST_GRACE_MS)
    assert (room.host, room.owner) == (BOB.id, ALICE.id)
    left = after(room, Leave(), actor=BOB)
    assert (left.host, left.owner) == (CAROL.id, ALICE.id)
    left, events = do(room, Leave(), ALICE)
    assert events[0] == HostChanged(host=BOB.id, owner=BOB.id, reason="left", former="cohost")
    assert (left.host, left.owner) == (BOB.id, BOB.id)
    assert do(room, Leave(), CAROL)[1] == (MemberLeft(user=CAROL.id, name="Carol"),)


def test_the_last_one_to_leave_closes_the_room() -> None:
    room, events = do(opened(), Leave())
    assert events == (MemberLeft(user=ALICE.id, name="Alice"), RoomClosed())
    assert room.closed
    with pytest.raises(NotFound) as caught:
        do(room, Join(), BOB)
    assert caught.value.code == "no_such_room"
    with pytest.raises(Forbidden, match="Join it first"):
        do(opened(), Leave(), BOB)


def test_a_full_room_lets_go_of_whoever_is_away_the_longest() -> None:
    room = opened()
    for number in range(1, MAX_MEMBERS):
        room = after(room, Join(), actor=person(f"guest{number}"), ms=number)
    assert len(room.members) == MAX_MEMBERS
    room = after(room, SetRole(user=UserId("user-guest1"), role="cohost"))
    room, events = do(room, Join(), NOBODY, ms=5_000)
    assert events[0] == MemberLeft(user=UserId("user-guest2"), name="guest2", how="away")
    assert len(room.members) == MAX_MEMBERS


def test_a_room_full_of_people_who_are_there_is_full() -> None:
    room = opened()
    members = {
        UserId(f"user-{n}"): Member(
            id=UserId(f"user-{n}"), name=f"g{n}", joined_at=0, seen_at=0, sockets=(SocketId(f"p.{n}"),)
        )
        for n in range(MAX_MEMBERS - 1)
    }
    full = structs.replace(room, members={**room.members, **members})
    with pytest.raises(Conflict) as caught:
        rules.decide(full, Join(), NOBODY, at())
    assert caught.value.code == "room_full"


def test_whoever_stands_in_neither_closes_the_room_nor_hands_it_over() -> None:
    room = structs.replace(party(), host=BOB.id)
    for command in (Close(), HandOver(user=CAROL.id)):
        with pytest.raises(Forbidden) as caught:
            rules.decide(room, command, BOB, at())
        assert caught.value.code == "not_the_owner"
