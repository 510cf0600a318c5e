"""Chat, given a room: what may be said, by whom, and how it is kept."""

import pytest
from rooms_world import BOB, CAROL, NOBODY, START, after, do, party

from roomd.domain.chat import MAX_TEXT, Said, Say
from roomd.domain.refusals import Forbidden, Invalid
from roomd.domain.room import Set


def test_a_line_has_its_speaker_and_its_time_and_leaves_the_room_as_it_was() -> None:
    before = party()
    room, events = do(before, Say(text=" Hello,\r\nall \n"), CAROL, ms=5)
    (said,) = events
    assert isinstance(said, Said)
    message = said.message
    assert (message.by, message.by_name, message.text, message.at) == (CAROL.id, "Carol", "Hello,\nall", START + 5)
    assert (room.members, room.entries, room.rev) == (before.members, before.entries, before.rev + 1)


def test_a_line_is_called_by_the_number_of_its_commit() -> None:
    room = party()
    for _ in range(3):
        room, (said,) = do(room, Say(text="x"), BOB)
        assert isinstance(said, Said)
        assert said.message.id == str(room.rev)


@pytest.mark.parametrize("text", ["", " \n\t ", "x" * (MAX_TEXT + 1), "bell\x07", "\u202eback to front", "\ud800"])
def test_what_cannot_be_shown_is_not_said(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        do(party(), Say(text=text), BOB)
    assert list(caught.value.fields) == ["text"]


def test_who_may_not_speak() -> None:
    with pytest.raises(Forbidden) as caught:
        do(party(), Say(text="hi"), NOBODY)
    assert caught.value.code == "not_a_member"
    quiet = after(party(), Set(chat_enabled=False))
    with pytest.raises(Forbidden) as caught:
        do(quiet, Say(text="hi"))
    assert caught.value.code == "chat_disabled"
    assert do(after(quiet, Set(chat_enabled=True)), Say(text="hi"))[1]
