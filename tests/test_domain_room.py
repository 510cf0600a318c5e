"""A room's settings and its end; and `set` as it comes over the wire."""

import json
from typing import Any

import pytest
from msgspec import structs
from rooms_world import ALICE, BOB, CAROL, CODE, NOBODY, ROOM, after, at, do, opened, party

from roomd.dialects import native
from roomd.domain.opening import open_room
from roomd.domain.refusals import Forbidden, Invalid, NotFound
from roomd.domain.room import MAX_DESCRIPTION, MAX_NAME, Close, RoomSettings, Set, SettingsChanged


def test_what_is_given_is_changed_and_the_rest_stays() -> None:
    room, events = do(party(), Set(name="  Saturday ", chat_enabled=False))
    assert events == (SettingsChanged(changes={"name": "Saturday", "chat_enabled": False}),)
    assert (room.settings.name, room.settings.chat_enabled, room.settings.theme) == ("Saturday", False, "")
    assert do(room, Set(name="Saturday"))[1] == ()
    everything = Set(
        name="N", description="D", theme="rose", visibility="private", chat_enabled=True, autoplay=True, repeat="all"
    )
    wanted = RoomSettings(name="N", description="D", theme="rose", visibility="private", autoplay=True, repeat="all")
    assert after(room, everything).settings == wanted


def test_an_empty_set_is_no_command() -> None:
    with pytest.raises(Invalid, match="at least one setting"):
        do(party(), Set())


def test_who_may_set_what() -> None:
    assert after(party(), Set(name="Bob's"), actor=BOB).settings.name == "Bob's"
    for command in (Set(name="Carol's"), Set(repeat="one")):
        with pytest.raises(Forbidden, match="host and co-hosts"):
            do(party(), command, CAROL)
    with pytest.raises(Forbidden) as caught:
        do(party(), Set(name="Mine"), NOBODY)
    assert caught.value.code == "not_a_member"


@pytest.mark.parametrize(
    ("field", "text", "kept"),
    [
        ("name", "  Cafe\u0301 ", "Café"),
        ("name", "x" * MAX_NAME, "x" * MAX_NAME),
        ("description", "", ""),
        ("description", "one\r\ntwo\rthree\n", "one\ntwo\nthree"),
        ("description", "d" * MAX_DESCRIPTION, "d" * MAX_DESCRIPTION),
        ("theme", "", ""),
        ("theme", " Forest ", "forest"),
        ("theme", "#FFB638", "#ffb638"),
    ],
)
def test_texts_that_are_kept(field: str, text: str, kept: str) -> None:
    room = after(opened(description="old", theme="ocean"), Set(**{field: text}))  # type: ignore[arg-type]
    assert getattr(room.settings, field) == kept


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("name", ""),
        ("name", " \t "),
        ("name", "x" * (MAX_NAME + 1)),
        ("name", "two\nlines"),
        ("name", "nul\x00"),
        ("name", "line\u2028separator"),
        ("name", "\u202egnol"),
        ("name", "lone \ud800 surrogate"),
        ("description", "d" * (MAX_DESCRIPTION + 1)),
        ("description", "bell\x07"),
        ("theme", "plaid"),
        ("theme", "#ffb63"),
        ("theme", "url(//example.org)"),
    ],
)
def test_texts_that_are_refused_name_their_field(field: str, text: str) -> None:
    with pytest.raises(Invalid) as caught:
        do(opened(), Set(**{field: text}))  # type: ignore[arg-type]
    assert list(caught.value.fields) == [field]
    with pytest.raises(Invalid):
        open_room(ROOM, CODE, structs.replace(RoomSettings(name="Friday"), **{field: text}), ALICE, at())


def test_close() -> None:
    assert after(party(), Close()).closed
    for actor in (BOB, CAROL, NOBODY):
        with pytest.raises(Forbidden):
            do(party(), Close(), actor)
    with pytest.raises(NotFound, match="was closed"):
        do(after(party(), Close()), Set(name="Again"))


def hear(**message: Any) -> native.Asked:
    asked = native.hear(json.dumps({"type": "set", "id": "c-1"} | message))
    assert isinstance(asked, native.Asked)
    return asked


def test_set_over_the_wire_tells_what_is_given_from_what_is_not() -> None:
    assert hear(theme="", chat_enabled=False).command == Set(theme="", chat_enabled=False)
    assert hear().command == Set()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((field, None) for field in Set.__struct_fields__),
        ("name", 5),
        ("name", ["x"]),
        ("name", "x" * 401),
        ("theme", {}),
        ("visibility", "secret"),
        ("chat_enabled", "yes"),
        ("chat_enabled", 1),
        ("autoplay", "false"),
        ("repeat", "twice"),
        ("repeat", True),
    ],
)
def test_set_over_the_wire_refuses_null_and_wrong_types_and_names_the_field(field: str, value: Any) -> None:
    with pytest.raises(native.Misunderstood) as caught:
        hear(**{field: value})
    assert (caught.value.refusal.code, list(caught.value.refusal.fields)) == ("invalid", [field])
    assert caught.value.command_id == "c-1"
