"""Votes to skip, given a room: whose count, how many are needed, and when they begin anew."""

import pytest
from rooms_world import (
    ALICE,
    BOB,
    CAROL,
    DAVE,
    NOBODY,
    after,
    at,
    do,
    named,
    online,
    opened,
    party,
    person,
    socket,
    titles,
    tracks,
)

from roomd.domain import rules
from roomd.domain.chat import Say
from roomd.domain.membership import Attach, Detach, Join, Leave
from roomd.domain.permissions import Permit
from roomd.domain.playback import Next, Pause, Play, PlaybackChanged, Seek
from roomd.domain.refusals import Conflict, Forbidden
from roomd.domain.room import Room, Set
from roomd.domain.rules import Tick
from roomd.domain.votes import SkipVoted, VoteSkip, needed


def playing() -> Room:
    """A plays; Alice, Bob, Carol and Dave are there, so two votes skip."""
    return after(online(party(), DAVE), Play())


def crowd(count: int, share: float = 0.5) -> Room:
    room = opened(skip_share=share)
    return online(room, ALICE, *(person(f"Guest{n}") for n in range(count - 1)))


@pytest.mark.parametrize(("there", "votes"), [(1, 1), (2, 1), (3, 2), (10, 5), (25, 13), (26, 13), (161, 32)])
def test_how_many_votes_skip(there: int, votes: int) -> None:
    assert needed(crowd(there)) == votes


@pytest.mark.parametrize(("share", "votes"), [(0.01, 1), (0.3, 3), (0.31, 4), (1.0, 10)])
def test_the_share_is_the_rooms(share: float, votes: int) -> None:
    assert needed(crowd(10, share)) == votes


def test_enough_votes_skip_in_the_commit_of_the_last_one() -> None:
    room, first = do(playing(), VoteSkip(), CAROL)
    assert first == (SkipVoted(user=CAROL.id, skip=True, votes=1, needed=2),)
    room, (voted, skipped) = do(room, VoteSkip(), DAVE)
    assert voted == SkipVoted(user=DAVE.id, skip=True, votes=2, needed=2)
    assert isinstance(skipped, PlaybackChanged)
    assert (skipped.cause, titles(room), room.skip_votes) == ("skipped", "A [B] C", frozenset())


def test_one_person_has_one_vote_and_may_take_it_back() -> None:
    room = after(playing(), VoteSkip(), actor=CAROL)
    assert do(room, VoteSkip(), CAROL)[1] == ()
    room, (back,) = do(room, VoteSkip(skip=False), CAROL)
    assert back == SkipVoted(user=CAROL.id, skip=False, votes=0, needed=2)
    assert do(room, VoteSkip(skip=False), CAROL)[1] == ()
    assert titles(after(room, VoteSkip(), actor=DAVE)) == "[A] B C"


def test_a_vote_for_an_entry_that_is_over_does_nothing() -> None:
    room = playing()
    first = room.playback.entry
    room = after(room, Next())
    assert do(room, VoteSkip(entry=first), CAROL)[1] == ()
    assert do(room, VoteSkip(entry=named(room, "B")), CAROL)[1]


def test_nothing_is_carried_over_to_the_next_track() -> None:
    room = after(playing(), VoteSkip(), actor=CAROL)
    assert after(room, Pause(), Play(), Seek(position=5.0)).skip_votes == {CAROL.id}
    following = after(room, Next())
    assert following.skip_votes == frozenset()
    assert titles(after(following, VoteSkip(), actor=DAVE)) == "A [B] C"


@pytest.mark.parametrize("repeat", ["one", "all"])
def test_nothing_is_carried_over_to_the_same_track_again(repeat: str) -> None:
    room = after(playing(), VoteSkip(), Set(repeat="one"), actor=ALICE)
    assert room.skip_votes == {ALICE.id}
    assert after(room, Tick(), ms=61_000).skip_votes == frozenset()
    alone = after(online(opened(autoplay=True, repeat=repeat), ALICE), tracks("A"), ms=0)
    skipped, events = do(alone, VoteSkip())
    assert len(events) == 2
    assert skipped.skip_votes == frozenset()
    assert len(do(skipped, Say(text="hi"))[1]) == 1


def test_votes_are_counted_again_when_people_go() -> None:
    room = after(playing(), VoteSkip(), actor=CAROL)
    gone, events = do(room, Leave(), DAVE)
    assert [type(event).__name__ for event in events] == ["MemberLeft"]
    assert needed(gone) == 2
    gone, events = do(gone, Detach(socket=socket(BOB)), BOB)
    assert [type(event).__name__ for event in events] == ["SocketClosed", "PlaybackChanged"]
    assert titles(gone) == "A [B] C"


def test_votes_of_those_who_are_away_do_not_count_but_stand() -> None:
    room = after(playing(), VoteSkip(), actor=CAROL)
    room = after(room, Detach(socket=socket(CAROL)), actor=CAROL)
    assert needed(room) == 2
    room = after(room, VoteSkip(), actor=DAVE)
    assert titles(room) == "[A] B C"
    back, events = do(room, Attach(socket=socket(CAROL, number=2)), CAROL)
    assert [type(event).__name__ for event in events] == ["SocketOpened", "PlaybackChanged"]
    assert titles(back) == "A [B] C"


def test_a_vote_leaves_with_its_voter() -> None:
    room = after(playing(), VoteSkip(), actor=CAROL)
    room = after(room, Leave(), actor=CAROL)
    assert room.skip_votes == frozenset()
    assert after(room, Join(), actor=CAROL).skip_votes == frozenset()


def test_who_may_not_vote_is_not_counted() -> None:
    room = after(playing(), Permit(role="member", rights=frozenset({"chat"})))
    assert needed(room) == 1
    with pytest.raises(Forbidden):
        do(room, VoteSkip(), CAROL)
    voted = after(playing(), VoteSkip(), actor=BOB)
    muzzled, events = do(voted, Permit(role="member", rights=frozenset({"chat"})))
    assert [type(event).__name__ for event in events] == ["RightsChanged", "PlaybackChanged"]
    assert titles(muzzled) == "A [B] C"


def test_votes_can_be_switched_off_and_nothing_is_skipped_by_that() -> None:
    room = after(playing(), VoteSkip(), actor=CAROL)
    off, events = do(room, Set(skip_share=0))
    assert len(events) == 1
    assert titles(after(off, Say(text="hi"))) == "[A] B C"
    with pytest.raises(Conflict) as caught:
        do(off, VoteSkip(), DAVE)
    assert caught.value.code == "votes_off"


def test_a_smaller_share_skips_at_once() -> None:
    room = after(playing(), VoteSkip(), actor=CAROL)
    assert titles(after(room, Set(skip_share=0.25))) == "A [B] C"


def test_where_nothing_plays_there_is_nothing_to_vote_about() -> None:
    with pytest.raises(Conflict) as caught:
        do(party(), VoteSkip(), CAROL)
    assert caught.value.code == "nothing_to_play"
    with pytest.raises(Forbidden) as refused:
        rules.decide(playing(), VoteSkip(), NOBODY, at())
    assert refused.value.code == "not_a_member"
