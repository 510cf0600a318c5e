"""Requests: a guest asks for a change to the queue, a host says yes or no, and everybody concerned hears of it.

A request is pending until it is approved, rejected, withdrawn or has expired; it is decided once. Decided ones are kept
as the room's request log, the last LOG of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, structs

from roomd.domain import modes, queue
from roomd.domain.actor import Actor
from roomd.domain.entries import ordered, place
from roomd.domain.ids import EntryId, RequestId, UserId, make_short_id
from roomd.domain.people import demand, demand_member, may
from roomd.domain.refusals import Conflict, Forbidden, Invalid, Limited, NotFound
from roomd.domain.text import tidy_text
from roomd.domain.track import Track
from roomd.domain.wishes import Action, Request, Status
from roomd.domain.words import Command, Event

if TYPE_CHECKING:
    from roomd.domain.moment import Moment
    from roomd.domain.room import Room

#: Decided requests that a room keeps.
LOG = 200
#: Pending ones that a room takes at once, whoever asks.
MAX_PENDING = 100
#: Milliseconds after which a request that nobody decided lapses.
EXPIRES_MS = 30 * 60_000.0
MAX_REASON = 200


class Ask(Command, frozen=True):
    action: Action
    track: Track | None = None
    entry: EntryId | None = None
    before: EntryId | None = None


class Decide(Command, frozen=True):
    """Approve or reject one request or several: all of them, or none when one cannot be."""

    requests: Annotated[tuple[RequestId, ...], Meta(min_length=1, max_length=MAX_PENDING)]
    approve: bool
    reason: Annotated[str, Meta(max_length=MAX_REASON * 4)] = ""


class Withdraw(Command, frozen=True):
    request: RequestId


class RequestMade(Event, frozen=True):
    request: Request


class RequestDecided(Event, frozen=True):
    """`by` is None when nobody decided: it expired, or a rule of the room's approved it."""

    request: RequestId
    status: Status
    by: UserId | None
    reason: str
    at: float


def ask(room: Room, command: Ask, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "request")
    _check(room, command)
    pending = [request for request in room.requests.values() if request.status == "pending"]
    if len(pending) >= MAX_PENDING:
        raise Conflict("Too many requests wait for the host already.", "requests_full")
    own = sum(request.by == actor.id for request in pending)
    if own >= room.settings.requests_each:
        raise Limited(f"You have {own} requests waiting already.", 60.0, "too_many_requests", {"most": own})
    request = Request(
        id=RequestId(make_short_id(moment.dice)),
        by=actor.id,
        by_name=actor.name,
        action=command.action,
        track=command.track,
        entry=command.entry,
        before=command.before,
        at=moment.now,
    )
    _guard_duplicate(room, request, pending)
    made = RequestMade(request=request)
    if not (room.settings.auto_approve or may(room, actor.id, "approve")):
        return [made]
    if request.track is not None:
        # A rule is no host: it lets nobody have more than their share. Whoever decides by hand may.
        modes.demand_measure(room, (request.track,), actor, moment)
    decided = RequestDecided(request=request.id, status="approved", by=None, reason="", at=moment.now)
    return [made, decided, *_effect(room, request, moment)]


def decide(room: Room, command: Decide, actor: Actor, moment: Moment) -> list[Event]:
    from roomd.domain.rules import evolve_all

    demand(room, actor, "approve")
    reason = tidy_text("reason", command.reason, MAX_REASON, empty=True)
    events: list[Event] = []
    status: Status = "approved" if command.approve else "rejected"
    for key in dict.fromkeys(command.requests):
        request = _pending(room, key)
        events.append(RequestDecided(request=key, status=status, by=actor.id, reason=reason, at=moment.now))
        if command.approve:
            effects = _effect(room, request, moment)
            # The next request's effect depends on this one's.
            room = evolve_all(room, effects)
            events.extend(effects)
    return events


def withdraw(room: Room, command: Withdraw, actor: Actor, moment: Moment) -> list[Event]:
    demand_member(room, actor)
    request = room.requests.get(command.request)
    if request is not None and request.by != actor.id:
        raise Forbidden("That is somebody else's request.")
    _pending(room, command.request)
    return [RequestDecided(request=command.request, status="withdrawn", by=actor.id, reason="", at=moment.now)]


def tick(room: Room, moment: Moment) -> list[Event]:
    """Requests that waited for too long lapse."""
    return [
        RequestDecided(request=request.id, status="expired", by=None, reason="", at=moment.now)
        for request in room.requests.values()
        if request.status == "pending" and request.at + EXPIRES_MS <= moment.now
    ]


def expires_at(room: Room) -> float | None:
    waiting = (request.at for request in room.requests.values() if request.status == "pending")
    first = min(waiting, default=None)
    return None if first is None else first + EXPIRES_MS


def request_made(room: Room, event: RequestMade) -> Room:
    requests = {**room.requests, event.request.id: event.request}
    decided = [each.id for each in sorted(requests.values(), key=_age) if each.status != "pending"]
    for key in decided[: max(0, len(decided) - LOG)]:
        del requests[key]
    return structs.replace(room, requests=requests)


def _age(request: Request) -> tuple[float, str]:
    """The oldest first. What Redis gives of a room is in no order, so ids settle what time does not."""
    return request.at, request.id


def request_decided(room: Room, event: RequestDecided) -> Room:
    request = room.requests.get(event.request)
    if request is None:
        return room
    decided = structs.replace(
        request, status=event.status, decided_at=event.at, decided_by=event.by, reason=event.reason
    )
    return structs.replace(room, requests={**room.requests, request.id: decided})


def _effect(room: Room, request: Request, moment: Moment) -> list[Event]:
    """What an approved request does, in the name of whoever asked. Raises a Refusal when it cannot be done any more."""
    asker = Actor(request.by, request.by_name)
    try:
        match request.action:
            case "add" | "play_next":
                assert request.track is not None
                at: queue.Where = "next" if request.action == "play_next" else "end"
                return queue.adding(room, (request.track,), at, asker, moment)
            case "remove":
                assert request.entry is not None
                return queue.removing(room, (request.entry,), moment)
            case "move":
                assert request.entry is not None
                return queue.moving(room, request.entry, request.before)
    except NotFound:
        raise Conflict("What was asked for is not in the queue any more.", "outdated") from None


def _check(room: Room, command: Ask) -> None:
    if command.action in {"add", "play_next"}:
        if command.track is None:
            raise Invalid("Which track? Give its url.", fields={"track": "is needed"})
        return
    if command.entry is None:
        raise Invalid("Which entry? Give its id.", fields={"entry": "is needed"})
    for entry in (command.entry, command.before):
        if entry is not None and entry not in room.entries:
            raise NotFound("That entry is not in the queue any more.", "no_such_entry")


def _guard_duplicate(room: Room, request: Request, pending: Sequence[Request]) -> None:
    """The same thing twice at once helps nobody: not while it waits, and not while the track is still to come."""
    wish = _wish(request)
    if any(_wish(other) == wish for other in pending):
        raise Conflict("That was asked for already.", "duplicate")
    if request.track is None:
        return
    coming = ordered(room)[max(0, place(room, ordered(room))) :]
    if any(room.entries[entry].track.url == request.track.url for entry in coming):
        raise Conflict("That track is in the queue already.", "duplicate")


def _wish(request: Request) -> tuple[object, ...]:
    if request.track is not None:
        return ("track", request.track.url)
    return (request.action, request.entry, request.before)


def _pending(room: Room, key: RequestId) -> Request:
    request = room.requests.get(key)
    if request is None:
        raise NotFound("There is no such request.", "no_such_request")
    if request.status != "pending":
        raise Conflict(f"That request was {request.status} already.", "already_decided")
    return request
