"""Chat. Lines are not part of the room's value: nothing is decided by them, so they live in a stream of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct, structs

from roomd.domain.ids import MessageId, UserId
from roomd.domain.people import demand, may, with_member
from roomd.domain.refusals import Forbidden, Invalid, Limited, NotFound
from roomd.domain.text import tidy_text
from roomd.domain.words import Command, Event

if TYPE_CHECKING:
    from roomd.domain.actor import Actor
    from roomd.domain.moment import Moment
    from roomd.domain.room import Room

MAX_TEXT = 2_000
#: Characters of a reaction: one emoji may be a handful of them.
MAX_EMOJI = 16


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`reply_to` is the line it answers; `reactions` are who reacted with what, filled in when history is read."""

    id: MessageId
    by: UserId
    by_name: str
    text: str
    at: float
    reply_to: MessageId | None = None
    reactions: dict[str, list[UserId]] = {}


class Say(Command, frozen=True):
    text: Annotated[str, Meta(max_length=MAX_TEXT * 4)]
    reply_to: Annotated[str, Meta(pattern=r"^[0-9]{1,15}$")] | None = None


class React(Command, frozen=True):
    """Put an emoji to a line, or take one's own away."""

    message: Annotated[str, Meta(pattern=r"^[0-9]{1,15}$")]
    emoji: Annotated[str, Meta(min_length=1, max_length=MAX_EMOJI)]
    on: bool = True


class Said(Event, frozen=True):
    message: Message


class Reacted(Event, frozen=True):
    message: MessageId
    emoji: str
    user: UserId
    on: bool


def say(room: Room, command: Say, actor: Actor, moment: Moment) -> list[Event]:
    _demand_chat(room, actor, moment)
    text = tidy_text("text", command.text, MAX_TEXT, lines=True)
    member = room.members[actor.id]
    wait_s = (member.said_at - moment.now) / 1_000 + room.settings.slow_mode_s
    if wait_s > 0 and not may(room, actor.id, "moderate"):
        every = room.settings.slow_mode_s
        raise Limited(f"Slow mode: one line every {every} seconds.", wait_s, "slow_mode", {"seconds": every})
    said = Message(
        id=MessageId(str(room.rev + 1)),
        by=actor.id,
        by_name=actor.name,
        text=text,
        at=moment.now,
        reply_to=MessageId(command.reply_to) if command.reply_to else None,
    )
    return [Said(message=said)]


def react(room: Room, command: React, actor: Actor, moment: Moment) -> list[Event]:
    _demand_chat(room, actor, moment)
    emoji = tidy_text("emoji", command.emoji, MAX_EMOJI)
    if any(letter.isalnum() and letter.isascii() and len(emoji) > 1 for letter in emoji) or ":" in emoji:
        raise Invalid("A reaction is one emoji.", fields={"emoji": "must be one emoji"})
    if int(command.message) > room.rev:
        raise NotFound("There is no such line.", "no_such_message")
    return [Reacted(message=MessageId(command.message), emoji=emoji, user=actor.id, on=command.on)]


def said(room: Room, event: Said) -> Room:
    """Only slow mode asks when somebody last spoke, so only there it is noted."""
    member = room.members.get(event.message.by)
    if member is None or not room.settings.slow_mode_s:
        return room
    return with_member(room, structs.replace(member, said_at=event.message.at))


def reacted(room: Room, event: Reacted) -> Room:
    return room


def _demand_chat(room: Room, actor: Actor, moment: Moment) -> None:
    demand(room, actor, "chat")
    if not room.settings.chat_enabled:
        raise Forbidden("Chat is switched off in this room.", "chat_disabled")
    if room.members[actor.id].muted_until > moment.now:
        raise Forbidden("You are muted for now.", "muted")
