"""Moderation, given a room: quieten, remove, keep out; and what chat allows."""

import pytest
from rooms_world import ALICE, BOB, CAROL, DAVE, NOBODY, START, after, do, named, online, party, person

from roomd.domain.actor import Actor
from roomd.domain.chat import React, Reacted, Said, Say
from roomd.domain.ids import MessageId, UserId
from roomd.domain.membership import HandOver, Join, MemberLeft, SetRole
from roomd.domain.moderation import (
    MAX_BANS,
    Banned,
    BanUser,
    ChatCleared,
    ClearChat,
    DeleteMessage,
    Kick,
    MemberMuted,
    MessageDeleted,
    Mute,
    Unban,
    Unbanned,
)
from roomd.domain.modes import Dj
from roomd.domain.playback import Play
from roomd.domain.queue import Move
from roomd.domain.refusals import Limited, Refusal
from roomd.domain.room import Room, Set
from roomd.domain.votes import VoteSkip
from roomd.domain.words import Command

GUEST = Actor(UserId("user-guest"), "Guest", guest=True)


def code_of(room: Room, command: Command, actor: Actor = ALICE, ms: float = 0.0) -> str:
    with pytest.raises(Refusal) as caught:
        do(room, command, actor, ms)
    return caught.value.code


def test_the_muted_are_silent_until_their_time_is_over() -> None:
    room, events = do(party(), Mute(user=CAROL.id, minutes=10), BOB)
    assert events == (MemberMuted(user=CAROL.id, until=START + 600_000),)
    assert code_of(room, Say(text="hi"), CAROL, ms=599_999) == "muted"
    assert code_of(room, React(message="1", emoji="👍"), CAROL) == "muted"
    assert do(room, Say(text="hi"), CAROL, ms=600_000)[1]
    assert do(room, Say(text="hi"), BOB)[1]
    assert do(room, Mute(user=CAROL.id, minutes=10))[1] == ()
    lifted, events = do(room, Mute(user=CAROL.id, minutes=0))
    assert events == (MemberMuted(user=CAROL.id, until=0),)
    assert do(lifted, Say(text="hi"), CAROL)[1]
    assert do(lifted, Mute(user=CAROL.id, minutes=0))[1] == ()


def test_the_removed_are_gone_with_all_they_had_and_may_come_again() -> None:
    room = after(online(party(), DAVE), Play())
    room = after(room, VoteSkip(), Dj(on=True), actor=CAROL)
    room, events = do(room, Kick(user=CAROL.id, reason=" Be kind "), BOB)
    assert events == (MemberLeft(user=CAROL.id, name="Carol", how="kicked", reason="Be kind"),)
    assert (CAROL.id in room.members, room.djs, room.skip_votes) == (False, (), frozenset())
    assert do(room, Join(), CAROL)[1]


def test_the_banned_are_gone_and_stay_out_until_it_is_lifted() -> None:
    room = after(party(), Join(origin="origin:x"), actor=GUEST)
    room, (banned, left) = do(room, BanUser(user=GUEST.id, reason="noise"), BOB, ms=3)
    assert isinstance(banned, Banned)
    assert banned.keys == (GUEST.id, "origin:x")
    assert (banned.ban.name, banned.ban.by, banned.ban.at, banned.ban.reason) == ("Guest", BOB.id, START + 3, "noise")
    assert left == MemberLeft(user=GUEST.id, name="Guest", how="banned", reason="noise")
    assert code_of(room, Join(), GUEST) == "banned"
    room, events = do(room, Unban(user=GUEST.id))
    assert events == (Unbanned(keys=(GUEST.id, "origin:x")),)
    assert room.bans == {}
    assert do(room, Join(origin="origin:x"), GUEST)[1]
    assert code_of(room, Unban(user=GUEST.id)) == "no_such_ban"


def test_a_member_with_an_account_is_banned_alone() -> None:
    room = after(party(), Join(origin="origin:x"), actor=DAVE)
    room = after(room, BanUser(user=DAVE.id))
    assert list(room.bans) == [DAVE.id]


def test_a_guests_ban_spares_the_address_that_others_in_the_room_came_from() -> None:
    room = after(party(), Join(origin="origin:x"), actor=GUEST)
    room = after(room, Join(origin="origin:x"), actor=DAVE)
    assert list(after(room, BanUser(user=GUEST.id)).bans) == [GUEST.id]
    alone = after(room, Kick(user=DAVE.id), BanUser(user=GUEST.id))
    assert list(alone.bans) == [GUEST.id, "origin:x"]


@pytest.mark.parametrize("kind", [Mute, Kick, BanUser])
def test_whom_one_may_moderate(kind: type[Mute] | type[Kick] | type[BanUser]) -> None:
    room = after(online(party(), DAVE), SetRole(user=DAVE.id, role="cohost"))
    for by, whom in ((ALICE, ALICE), (BOB, BOB), (BOB, ALICE), (BOB, DAVE), (CAROL, BOB), (CAROL, DAVE)):
        assert code_of(room, kind(user=whom.id), by) == "forbidden"
    assert do(room, kind(user=BOB.id), ALICE)[1]
    assert do(room, kind(user=CAROL.id), BOB)[1]
    assert code_of(room, kind(user=NOBODY.id)) == "no_such_member"
    assert code_of(room, kind(user=CAROL.id), NOBODY) == "not_a_member"
    handed = after(room, HandOver(user=CAROL.id))
    assert do(handed, kind(user=ALICE.id), CAROL)[1]


def test_bans_have_an_end() -> None:
    room = party()
    for n in range(MAX_BANS):
        room = after(room, Join(), actor=person(f"Guest{n}"))
        room = after(room, BanUser(user=person(f"Guest{n}").id))
    assert code_of(room, BanUser(user=CAROL.id)) == "too_many_bans"


def test_lines_are_taken_back_by_those_who_moderate() -> None:
    assert do(party(), DeleteMessage(message=MessageId("7")), BOB)[1] == (MessageDeleted(message=MessageId("7")),)
    assert do(party(), ClearChat(), BOB)[1] == (ChatCleared(),)
    assert code_of(party(), DeleteMessage(message=MessageId("7")), CAROL) == "forbidden"
    assert code_of(party(), ClearChat(), CAROL) == "forbidden"
    assert code_of(party(), Unban(user=CAROL.id), CAROL) == "forbidden"


@pytest.mark.parametrize("kind", [Kick, BanUser])
def test_a_reason_is_text(kind: type[Kick] | type[BanUser]) -> None:
    assert code_of(party(), kind(user=CAROL.id, reason="\x07")) == "invalid"
    assert code_of(party(), kind(user=CAROL.id, reason="x" * 201)) == "invalid"


def test_slow_mode_lets_one_line_through_at_a_time() -> None:
    room = after(party(), Set(slow_mode_s=30))
    room = after(room, Say(text="one"), actor=CAROL, ms=1_000)
    with pytest.raises(Limited) as caught:
        do(room, Say(text="two"), CAROL, ms=21_000)
    assert (caught.value.code, caught.value.retry_after_s) == ("slow_mode", 10.0)
    assert do(room, Say(text="two"), CAROL, ms=31_000)[1]
    assert do(room, Say(text="two"), ALICE, ms=1_000)[1]
    hosts = after(room, Say(text="one"), Say(text="two"), actor=BOB, ms=1_000)
    assert hosts.rev == room.rev + 2
    assert do(after(room, Set(slow_mode_s=0)), Say(text="two"), CAROL, ms=1_001)[1]


def test_lines_are_answered_and_reacted_to() -> None:
    room, (said,) = do(party(), Say(text="hi"), CAROL)
    assert isinstance(said, Said)
    room, (answer,) = do(room, Say(text="hello", reply_to=said.message.id), BOB)
    assert isinstance(answer, Said)
    assert answer.message.reply_to == said.message.id
    assert do(room, React(message=said.message.id, emoji="👍🏽"), BOB)[1] == (
        Reacted(message=said.message.id, emoji="👍🏽", user=BOB.id, on=True),
    )
    assert code_of(room, React(message=str(room.rev + 1), emoji="👍")) == "no_such_message"
    for emoji in (":)", "lol", " ", "\x07"):
        assert code_of(room, React(message=said.message.id, emoji=emoji)) == "invalid"
    assert code_of(after(room, Set(chat_enabled=False)), React(message="1", emoji="👍")) == "chat_disabled"
    assert named(room, "A")
    assert code_of(room, Move(entry=named(room, "A")), CAROL) == "forbidden"
