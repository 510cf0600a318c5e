"""Requests, given a room: asked for, decided once, and what they lead to."""

import pytest
from rooms_world import (
    ALICE,
    BOB,
    CAROL,
    DAVE,
    NOBODY,
    START,
    after,
    do,
    named,
    online,
    opened,
    party,
    titles,
    track,
    tracks,
)

from roomd.domain import rules
from roomd.domain.ids import EntryId, RequestId
from roomd.domain.membership import Leave
from roomd.domain.permissions import Permit
from roomd.domain.playback import Play
from roomd.domain.queue import Remove
from roomd.domain.refusals import Conflict, Forbidden, Invalid, Limited, NotFound, Refusal
from roomd.domain.requests import EXPIRES_MS, LOG, MAX_PENDING, Ask, Decide, RequestDecided, RequestMade, Withdraw
from roomd.domain.room import Room, Set
from roomd.domain.rules import Tick
from roomd.domain.words import Command


def wish(title: str = "New", action: str = "add") -> Ask:
    return Ask(action=action, track=track(title))  # type: ignore[arg-type]


def asked(room: Room, *wishes: Ask, ms: float = 0.0) -> Room:
    """With these asked for by Carol."""
    return after(room, *wishes, actor=CAROL, ms=ms)


def last(room: Room) -> RequestId:
    return list(room.requests)[-1]


def code_of(room: Room, command: Command, actor: object = CAROL) -> str:
    with pytest.raises(Refusal) as caught:
        do(room, command, actor)  # type: ignore[arg-type]
    return caught.value.code


def test_a_request_waits_and_changes_nothing_else() -> None:
    room, (made,) = do(party(), wish(), CAROL, ms=7)
    assert isinstance(made, RequestMade)
    request = made.request
    assert (request.by, request.by_name, request.action, request.at) == (CAROL.id, "Carol", "add", START + 7)
    assert (request.status, room.requests, titles(room)) == ("pending", {request.id: request}, "A B C")


@pytest.mark.parametrize(
    ("ask", "order"),
    [
        (wish(), "[A] B C New"),
        (wish(action="play_next"), "[A] New B C"),
        ("remove B", "[A] C"),
        ("move C before B", "[A] C B"),
        ("move B", "[A] C B"),
    ],
    ids=str,
)
def test_what_an_approved_request_does(ask: Ask | str, order: str) -> None:
    room = after(party(), Play())
    if isinstance(ask, str):
        action, entry, *rest = ask.split()
        before = named(room, rest[-1]) if rest else None
        ask = Ask(action=action, entry=named(room, entry), before=before)  # type: ignore[arg-type]
    room = asked(room, ask)
    room, events = do(room, Decide(requests=(last(room),), approve=True), BOB, ms=9)
    assert events[0] == RequestDecided(request=last(room), status="approved", by=BOB.id, reason="", at=START + 9)
    assert titles(room) == order
    decided = room.requests[last(room)]
    assert (decided.status, decided.decided_by, decided.decided_at) == ("approved", BOB.id, START + 9)


def test_what_was_asked_for_is_in_the_askers_name() -> None:
    room = asked(party(), wish())
    room = after(room, Decide(requests=(last(room),), approve=True), actor=ALICE)
    entry = room.entries[named(room, "New")]
    assert (entry.by, entry.by_name) == (CAROL.id, "Carol")


def test_a_rejected_request_says_why_and_does_nothing() -> None:
    room = asked(party(), wish())
    room, (decided,) = do(room, Decide(requests=(last(room),), approve=False, reason=" Too long "), ALICE)
    assert isinstance(decided, RequestDecided)
    assert (decided.status, decided.reason, titles(room)) == ("rejected", "Too long", "A B C")
    with pytest.raises(Invalid):
        do(asked(room, wish("X")), Decide(requests=(last(room),), approve=False, reason="\x07"), ALICE)


@pytest.mark.parametrize("approve", [True, False])
def test_what_is_decided_stays_decided(approve: bool) -> None:
    room = asked(party(), wish())
    decide = Decide(requests=(last(room),), approve=approve)
    room = after(room, decide)
    for again in (decide, Decide(requests=(last(room),), approve=not approve)):
        assert code_of(room, again, ALICE) == "already_decided"
    assert code_of(room, Withdraw(request=last(room))) == "already_decided"


def test_several_at_once_are_all_decided_or_none() -> None:
    room = asked(party(), wish("X"), wish("Y"), Ask(action="remove", entry=named(party(), "A")))
    x, y, gone = room.requests
    assert titles(after(room, Decide(requests=(y, x, y, gone), approve=True))) == "B C Y X"
    for wrong, code in ((RequestId("gone"), "no_such_request"),):
        assert code_of(room, Decide(requests=(x, wrong), approve=True), ALICE) == code
    room = after(room, Remove(entries=(named(room, "A"),)))
    assert code_of(room, Decide(requests=(x, y, gone), approve=True), ALICE) == "outdated"
    assert {request.status for request in room.requests.values()} == {"pending"}
    room = after(room, Decide(requests=(gone,), approve=False))
    assert room.requests[gone].status == "rejected"


def test_one_may_take_back_ones_own() -> None:
    room = asked(party(), wish())
    with pytest.raises(Forbidden):
        do(room, Withdraw(request=last(room)), BOB)
    assert code_of(room, Withdraw(request=RequestId("gone"))) == "no_such_request"
    room, (decided,) = do(room, Withdraw(request=last(room)), CAROL)
    assert isinstance(decided, RequestDecided)
    assert (decided.status, decided.by) == ("withdrawn", CAROL.id)


def test_what_nobody_decides_expires() -> None:
    room = asked(party(), wish("X"))
    first = last(room)
    room = asked(room, wish("Y"), ms=1_000)
    assert rules.deadline(room) == START + EXPIRES_MS
    assert do(room, Tick(), ms=EXPIRES_MS - 1)[1] == ()
    room, (expired,) = do(room, Tick(), ms=EXPIRES_MS)
    assert expired == RequestDecided(request=first, status="expired", by=None, reason="", at=START + EXPIRES_MS)
    assert rules.deadline(room) == START + EXPIRES_MS + 1_000
    assert code_of(room, Decide(requests=(first,), approve=True), ALICE) == "already_decided"


def test_the_same_thing_is_not_asked_for_twice() -> None:
    room = asked(party(), wish("X"))
    assert code_of(room, wish("X")) == "duplicate"
    assert code_of(online(room, DAVE), wish("X", "play_next"), DAVE) == "duplicate"
    assert code_of(room, wish("A")) == "duplicate"
    remove = Ask(action="remove", entry=named(room, "A"))
    assert code_of(asked(room, remove), remove) == "duplicate"
    played = after(party(), Play())
    assert code_of(played, wish("A")) == "duplicate"
    assert do(after(played, Remove(entries=(named(played, "A"),))), wish("A"), CAROL)[1]
    room = after(room, Decide(requests=(last(room),), approve=False))
    assert do(room, wish("X"), CAROL, seed=2)[1]


def test_so_many_may_wait() -> None:
    room = asked(party(), *(wish(str(n)) for n in range(5)))
    with pytest.raises(Limited) as caught:
        do(room, wish("X"), CAROL)
    assert caught.value.code == "too_many_requests"
    room = after(party(), Set(requests_each=100))
    room = asked(room, *(wish(str(n)) for n in range(MAX_PENDING)))
    assert code_of(online(room, DAVE), wish("X"), DAVE) == "requests_full"
    assert code_of(after(party(), Set(requests_each=0)), wish("X")) == "too_many_requests"


def test_the_log_has_an_end() -> None:
    room = after(opened(requests_each=100), Ask(action="add", track=track("first")))
    first = last(room)
    for n in range(LOG):
        room = after(room, wish(str(n)), ms=n + 1)
    assert len(room.requests) == LOG + 1
    room = after(room, wish("one more"), ms=LOG + 1)
    assert first not in room.requests


def test_with_auto_approval_it_is_done_at_once() -> None:
    room, events = do(after(party(), Set(auto_approve=True)), wish(), CAROL)
    assert [type(event).__name__ for event in events] == ["RequestMade", "RequestDecided", "EntriesAdded"]
    assert titles(room) == "A B C New"
    assert [request.status for request in room.requests.values()] == ["approved"]
    assert len(do(party(), wish(), BOB)[1]) == 3


def test_what_a_request_needs() -> None:
    assert code_of(party(), Ask(action="add")) == "invalid"
    assert code_of(party(), Ask(action="remove")) == "invalid"
    assert code_of(party(), Ask(action="remove", entry=EntryId("gone"))) == "no_such_entry"
    move = Ask(action="move", entry=named(party(), "A"), before=EntryId("gone"))
    assert code_of(party(), move) == "no_such_entry"
    assert code_of(party(), wish(), NOBODY) == "not_a_member"
    assert code_of(after(party(), Permit(role="member", rights=frozenset())), wish()) == "forbidden"
    assert code_of(asked(party(), wish()), Decide(requests=(RequestId("x"),), approve=True)) == "forbidden"


def test_a_request_outlives_its_asker() -> None:
    room = after(asked(party(), wish()), Leave(), actor=CAROL)
    room = after(room, Decide(requests=(last(room),), approve=True))
    assert titles(room) == "A B C New"
    with pytest.raises(NotFound):
        do(room, Decide(requests=(RequestId("gone"),), approve=True))
    assert tracks("A")
    with pytest.raises(Conflict):
        do(room, Decide(requests=(last(room),), approve=True))


def test_a_host_may_grant_what_is_beyond_somebody_s_share_and_a_rule_may_not() -> None:
    room = after(party(), Set(queue_mode="dj", tracks_each=1))
    waiting = after(room, wish(), actor=CAROL)
    (request,) = waiting.requests
    granted = after(waiting, Decide(requests=(request,), approve=True))
    assert "New" in titles(granted)
    by_rule = after(room, Set(auto_approve=True))
    with pytest.raises(Forbidden) as caught:
        do(by_rule, wish(), CAROL)
    assert caught.value.code == "not_a_dj"
    with pytest.raises(Limited) as limited:
        do(after(granted, Set(queue_mode="fair", auto_approve=True)), wish("Another"), CAROL)
    assert limited.value.code == "too_many_tracks"
