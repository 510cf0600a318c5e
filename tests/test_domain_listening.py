"""Who listens: everybody who is there, unless they say otherwise; and only listeners have a vote."""

import pytest
from rooms_world import ALICE, CAROL, NOBODY, after, do, party

from roomd.domain import playback, votes
from roomd.domain.listening import Listen, ListeningChanged
from roomd.domain.refusals import Forbidden


def test_it_is_told_when_it_changes() -> None:
    room, events = do(party(), Listen(on=False), CAROL)
    assert events == (ListeningChanged(user=CAROL.id, on=False),)
    assert not room.members[CAROL.id].listens
    assert do(room, Listen(on=False), CAROL)[1] == ()
    assert after(room, Listen(on=True), actor=CAROL).members[CAROL.id].listens


def test_only_members_listen() -> None:
    with pytest.raises(Forbidden) as caught:
        do(party(), Listen(on=True), NOBODY)
    assert caught.value.code == "not_a_member"


def test_whoever_does_not_listen_has_no_vote_and_needs_none() -> None:
    room = after(party(), playback.Play())
    assert votes.needed(room) == 2
    voted = after(room, votes.VoteSkip(), actor=CAROL)
    assert voted.playback.entry == room.playback.entry
    # With Alice in the next room, one of two is enough.
    assert after(voted, Listen(on=False), actor=ALICE).playback.entry != room.playback.entry
    assert votes.votes_of(after(voted, Listen(on=False), actor=CAROL)) == frozenset()
