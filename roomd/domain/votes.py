"""Vote to skip: enough of the people who are there, and may vote, want the current track to end.

Only those who are online count, on both sides; so it is counted again whenever somebody comes or goes. Votes belong to
the track that plays: with the next one all begin anew.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import structs

from roomd.domain.ids import EntryId, UserId
from roomd.domain.people import demand, may
from roomd.domain.playback import advance
from roomd.domain.refusals import Conflict
from roomd.domain.words import Command, Event

if TYPE_CHECKING:
    from roomd.domain.actor import Actor
    from roomd.domain.moment import Moment
    from roomd.domain.room import Room

#: Up to this many listeners the share counts as it is; beyond, what is needed grows with the root, since in a big room
#: most people never vote (a share of half was out of reach at 161 listeners in one that tried).
BIG_ROOM = 25


class VoteSkip(Command, frozen=True):
    """Want the current entry skipped, or not any more. `entry` guards against voting on the next one by mistake."""

    skip: bool = True
    entry: EntryId | None = None


class SkipVoted(Event, frozen=True):
    """`votes` of `needed` are there, this one included."""

    user: UserId
    skip: bool
    votes: int
    needed: int


def vote_skip(room: Room, command: VoteSkip, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "vote")
    if room.settings.skip_share == 0:
        raise Conflict("Votes to skip are switched off in this room.", "votes_off")
    if room.playback.entry is None:
        raise Conflict("Nothing is playing.", "nothing_to_play")
    if command.entry not in {None, room.playback.entry} or (actor.id in room.skip_votes) == command.skip:
        return []
    after = room.skip_votes | {actor.id} if command.skip else room.skip_votes - {actor.id}
    counted = structs.replace(room, skip_votes=after)
    return [SkipVoted(user=actor.id, skip=command.skip, votes=len(votes_of(counted)), needed=needed(room))]


def settle(room: Room, moment: Moment) -> list[Event]:
    """Skip, when enough people want it."""
    if room.playback.entry is None or not room.settings.skip_share or len(votes_of(room)) < needed(room):
        return []
    return [advance(room, moment, "skipped")]


def needed(room: Room) -> int:
    """How many votes skip the current track, with those who are there now."""
    there = len(electorate(room))
    counted = there if there <= BIG_ROOM else math.sqrt(BIG_ROOM * there)
    return max(1, math.ceil(counted * room.settings.skip_share))


def electorate(room: Room) -> frozenset[UserId]:
    """Who listens and may vote."""
    return frozenset(
        member.id
        for member in room.members.values()
        if member.online and member.listens and may(room, member.id, "vote")
    )


def votes_of(room: Room) -> frozenset[UserId]:
    """Whose votes count: they are there."""
    return room.skip_votes & electorate(room)


def skip_voted(room: Room, event: SkipVoted) -> Room:
    votes = room.skip_votes | {event.user} if event.skip else room.skip_votes - {event.user}
    return structs.replace(room, skip_votes=votes)
