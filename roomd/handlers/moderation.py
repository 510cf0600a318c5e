"""Running a room over HTTP: moderation, the door, who may do what, votes, and the log of all that."""

from typing import Annotated

from msgspec import Meta, Struct

from roomd.dialects import audit
from roomd.dialects.room_object import Shape, timestamp
from roomd.domain.chat import MAX_EMOJI, React
from roomd.domain.ids import EntryId, MessageId, UserId
from roomd.domain.moderation import BanUser, DeleteMessage, Kick, Mute, Unban
from roomd.domain.modes import Dj, Up
from roomd.domain.people import Right, demand, rights_of
from roomd.domain.permissions import Permit, Preset
from roomd.domain.refusals import Invalid, NotFound
from roomd.domain.room import EntryMode, Room
from roomd.domain.votes import VoteSkip, needed, votes_of
from roomd.handlers.base import ApiHandler
from roomd.handlers.described import operation
from roomd.handlers.of_room import RoomHandler
from roomd.openapi.operation import limit
from roomd.openapi.shapes.rooms import Audit, Bans, Djs, EntryVotes, Pending, Rev, Rights, RoomShown, Votes

MAX_AUDIT = 200


class MuteBody(Struct):
    minutes: Annotated[float, Meta(ge=0, le=10_080)] = 10


class ReasonBody(Struct):
    reason: Annotated[str, Meta(max_length=800)] = ""


class ReactBody(Struct):
    emoji: Annotated[str, Meta(min_length=1, max_length=MAX_EMOJI)]
    on: bool = True


class PermitBody(Struct):
    """A preset, or the rights of one role or of both."""

    preset: Preset | None = None
    cohost: list[Right] | None = None
    member: list[Right] | None = None


class VoteBody(Struct):
    entry: str | None = None


class DjBody(Struct):
    user_id: str | None = None


class DoorBody(Struct):
    entry_mode: EntryMode
    password: Annotated[str, Meta(max_length=256)] = ""


class OversightHandler(RoomHandler):
    async def overseen(self, ref: str, right: Right) -> Room:
        """The room, for a member with this right. Raises a Refusal."""
        actor = await self.actor()
        room = await self.visible_room(ref, actor)
        demand(room, actor, right)
        return room


@operation("post", "Mute a member", needs="moderate", body=MuteBody, answer=RoomShown, errors="no_such_member")
class MuteHandler(RoomHandler):
    async def post(self, ref: str, user: str) -> None:
        body = self.body(MuteBody)
        self.answer_room((await self.command(ref, Mute(user=UserId(user), minutes=body.minutes))).room)


@operation("post", "Remove a member", needs="moderate", body=ReasonBody, answer=RoomShown, errors="no_such_member")
class KickHandler(RoomHandler):
    async def post(self, ref: str, user: str) -> None:
        body = self.body(ReasonBody)
        self.answer_room((await self.command(ref, Kick(user=UserId(user), reason=body.reason))).room)


@operation(
    "post", "Ban a member", needs="moderate", body=ReasonBody, answer=RoomShown, errors="no_such_member too_many_bans"
)
class BanHandler(RoomHandler):
    async def post(self, ref: str, user: str) -> None:
        body = self.body(ReasonBody)
        self.answer_room((await self.command(ref, BanUser(user=UserId(user), reason=body.reason))).room)


@operation("get", "Who is banned", needs="moderate", answer=Bans)
class BansHandler(OversightHandler):
    async def get(self, ref: str) -> None:
        """Where guests came from is kept to oneself: a person is listed once, by their id."""
        room = await self.overseen(ref, "moderate")
        bans = [
            {"user_id": key, "name": ban.name, "banned_by": ban.by, "at": timestamp(ban.at), "reason": ban.reason}
            for key, ban in room.bans.items()
            if not key.startswith("origin:")
        ]
        self.answer({"bans": bans, "count": len(bans)})


@operation("delete", "Lift a ban", needs="moderate", errors="no_such_ban")
class UnbanHandler(RoomHandler):
    async def delete(self, ref: str, user: str) -> None:
        await self.command(ref, Unban(user=user))
        self.set_status(204)


@operation("delete", "Delete a line of chat", needs="moderate", errors="no_such_message")
class MessageHandler(RoomHandler):
    async def delete(self, ref: str, message: str) -> None:
        await self.command(ref, DeleteMessage(message=_message(message)))
        self.set_status(204)


@operation(
    "post",
    "React to a line",
    needs="chat",
    body=ReactBody,
    answer=Rev,
    status=201,
    errors="chat_disabled muted no_such_message",
)
class ReactionsHandler(RoomHandler):
    async def post(self, ref: str, message: str) -> None:
        body = self.body(ReactBody)
        receipt = await self.command(ref, React(message=_message(message), emoji=body.emoji, on=body.on))
        self.answer({"rev": receipt.rev}, 201)


@operation("get", "What was done, and by whom", needs="moderate", query=(limit(50, MAX_AUDIT),), answer=Audit)
class AuditHandler(OversightHandler):
    async def get(self, ref: str) -> None:
        """The latest first."""
        room = await self.overseen(ref, "moderate")
        commits = await self.services.rooms.audit(room.id, self.limit(50, MAX_AUDIT))
        names = audit.names_in(room, commits)
        entries = [
            {"at": timestamp(commit.at), "user_id": commit.by, "user": commit.by_name, "action": line}
            for commit in commits
            for line in audit.lines(commit, names)
        ]
        self.answer({"audit": entries, "count": len(entries)})


@operation("get", "Who may do what", who="any", answer=Rights)
@operation("put", "Change who may do what", needs="roles", body=PermitBody, answer=Rights)
class PermissionsHandler(RoomHandler):
    async def get(self, ref: str) -> None:
        self.answer(_permissions(await self.visible_room(ref, await self.actor_or_none())))

    async def put(self, ref: str) -> None:
        body = self.body(PermitBody)
        if body.preset is not None:
            command = Permit(preset=body.preset)
        elif (body.cohost is None) == (body.member is None):
            raise Invalid("Give a preset, or the rights of one role: cohost or member.")
        elif body.cohost is not None:
            command = Permit(role="cohost", rights=frozenset(body.cohost))
        else:
            command = Permit(role="member", rights=frozenset(body.member or ()))
        self.answer(_permissions((await self.command(ref, command)).room))


@operation("post", "Vote to skip", needs="vote", body=VoteBody, answer=Votes, errors="votes_off nothing_to_play")
@operation(
    "delete", "Take a vote to skip back", needs="vote", body=VoteBody, answer=Votes, errors="votes_off nothing_to_play"
)
class SkipVoteHandler(RoomHandler):
    async def post(self, ref: str) -> None:
        await self._vote(ref, skip=True)

    async def delete(self, ref: str) -> None:
        await self._vote(ref, skip=False)

    async def _vote(self, ref: str, *, skip: bool) -> None:
        entry = self.body(VoteBody).entry
        before = (await self.visible_room(ref, await self.actor())).playback
        command = VoteSkip(skip=skip, entry=EntryId(entry) if entry is not None else before.entry)
        room = (await self.command(ref, command)).room
        skipped = room.playback.entry != command.entry
        self.answer({"votes": len(votes_of(room)), "needed": needed(room), "skipped": skipped})


@operation("post", "Want an entry sooner", needs="vote", answer=EntryVotes, errors="no_such_entry")
@operation("delete", "Not want it sooner any more", needs="vote", answer=EntryVotes, errors="no_such_entry")
class EntryVoteHandler(RoomHandler):
    async def post(self, ref: str, entry: str) -> None:
        await self._vote(ref, entry, up=True)

    async def delete(self, ref: str, entry: str) -> None:
        await self._vote(ref, entry, up=False)

    async def _vote(self, ref: str, entry: str, *, up: bool) -> None:
        room = (await self.command(ref, Up(entry=EntryId(entry), up=up))).room
        self.answer({"votes": len(room.ups.get(EntryId(entry), ()))})


@operation("post", "Step up to the decks", needs="request", answer=Djs, errors="decks_full")
@operation("delete", "Step down from the decks", needs="request", body=DjBody, answer=Djs)
class DjsHandler(RoomHandler):
    async def post(self, ref: str) -> None:
        self.answer(_decks((await self.command(ref, Dj(on=True))).room))

    async def delete(self, ref: str) -> None:
        """Step down; or, with `user_id`, step somebody else down."""
        user = self.body(DjBody).user_id
        command = Dj(on=False, user=UserId(user) if user is not None else None)
        self.answer(_decks((await self.command(ref, command)).room))


@operation("put", "Change how people come in", needs="settings", body=DoorBody, answer=RoomShown)
class DoorHandler(RoomHandler):
    async def put(self, ref: str) -> None:
        body = self.body(DoorBody)
        actor = await self.actor()
        room = await self.visible_room(ref, actor)
        once = self.request.headers.get("Idempotency-Key", "")[:64] or None
        receipt = await self.services.doorkeeper.set_door(room.id, actor, body.entry_mode, body.password, once)
        self.answer_room((await self.kept(receipt)).room)


@operation("get", "Who waits at the door", needs="approve", answer=Pending)
class PendingHandler(OversightHandler):
    async def get(self, ref: str) -> None:
        room = await self.overseen(ref, "approve")
        pending = [
            {"user_id": knock.id, "name": knock.name, "is_guest": knock.guest, "at": timestamp(knock.at)}
            for knock in room.pending.values()
        ]
        self.answer({"pending": pending, "count": len(pending)})


def _message(text: str) -> MessageId:
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise NotFound("There is no such line.", "no_such_message")
    return MessageId(text)


def _permissions(room: Room) -> Shape:
    return {"rights": {role: sorted(rights_of(room, role)) for role in ("host", "cohost", "member")}}


def _decks(room: Room) -> Shape:
    return {"djs": [{"id": user, "name": room.members[user].name} for user in room.djs]}


_ROOM = r"/api/rooms/([^/]+)"

ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (_ROOM + r"/members/([^/]+)/mute/?", MuteHandler),
    (_ROOM + r"/members/([^/]+)/kick/?", KickHandler),
    (_ROOM + r"/members/([^/]+)/ban/?", BanHandler),
    (_ROOM + r"/bans/?", BansHandler),
    (_ROOM + r"/bans/([^/]+)/?", UnbanHandler),
    (_ROOM + r"/messages/([^/]+)/?", MessageHandler),
    (_ROOM + r"/messages/([^/]+)/reactions/?", ReactionsHandler),
    (_ROOM + r"/audit/?", AuditHandler),
    (_ROOM + r"/permissions/?", PermissionsHandler),
    (_ROOM + r"/votes/skip/?", SkipVoteHandler),
    (_ROOM + r"/queue/([^/]+)/vote/?", EntryVoteHandler),
    (_ROOM + r"/djs/?", DjsHandler),
    (_ROOM + r"/door/?", DoorHandler),
    (_ROOM + r"/pending/?", PendingHandler),
]
