"""Chat. Lines are not part of the room's value: nothing is decided by them, so they live in a stream of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from roomd.domain.ids import MessageId, UserId, make_short_id
from roomd.domain.people import demand
from roomd.domain.refusals import Forbidden
from roomd.domain.text import tidy_text
from roomd.domain.words import Command, Event

if TYPE_CHECKING:
    from roomd.domain.actor import Actor
    from roomd.domain.moment import Moment
    from roomd.domain.room import Room

MAX_TEXT = 2_000


class Message(Struct, frozen=True, kw_only=True):
    id: MessageId
    by: UserId
    by_name: str
    text: str
    at: float


class Say(Command, frozen=True):
    text: Annotated[str, Meta(max_length=MAX_TEXT * 4)]


class Said(Event, frozen=True):
    message: Message


def say(room: Room, command: Say, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "chat")
    if not room.settings.chat_enabled:
        raise Forbidden("Chat is switched off in this room.", "chat_disabled")
    text = tidy_text("text", command.text, MAX_TEXT, lines=True)
    line = MessageId(make_short_id(moment.dice))
    return [Said(message=Message(id=line, by=actor.id, by_name=actor.name, text=text, at=moment.now))]


def said(room: Room, event: Said) -> Room:
    return room
