"""Files of rooms: written whole or not at all, and refused when anything about them is not as it was."""

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from rooms_world import ALICE, START, after, named, online, opened, party

from roomd.domain.chat import Message
from roomd.domain.ids import MessageId
from roomd.domain.playback import Play, Seek
from roomd.domain.resting import at_rest
from roomd.domain.whole import Whole
from roomd.files import FileError, Saved, Writer, read, replacing

LINE = Message(id=MessageId("2"), by=ALICE.id, by_name="Alice", text="héllo 👋", at=START)


def rooms() -> list[Saved]:
    return [Saved(Whole(room=party(), chat=(LINE,)), START + 1.5), Saved(Whole(room=opened(name="Zweites")), START)]


def written(*saved: Saved) -> bytes:
    stream = io.BytesIO()
    writer = Writer(stream, START)
    for each in saved:
        writer.add(*each)
    writer.end()
    return stream.getvalue()


def lines_of(data: bytes) -> list[bytes]:
    return gzip.decompress(data).splitlines(keepends=True)


def zipped(lines: list[bytes]) -> bytes:
    return gzip.compress(b"".join(lines))


def test_what_is_written_is_read() -> None:
    assert list(read(io.BytesIO(written(*rooms())))) == rooms()
    assert list(read(io.BytesIO(written()))) == []


def test_the_form_is_as_documented() -> None:
    first, *each, last = (json.loads(line) for line in lines_of(written(*rooms())))
    assert (first["roomd"], first["version"], first["made_at"]) == ("snapshot", 1, "2026-11-18T11:06:40.000Z")
    assert first["by"]
    assert [set(room) for room in each] == [{"sha256", "at", "room"}] * 2
    assert [room["room"]["room"]["settings"]["name"] for room in each] == ["Friday", "Zweites"]
    assert last["rooms"] == 2


def test_equal_rooms_give_an_equal_file() -> None:
    assert written(*rooms()) == written(*rooms())


def edited(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def edit(data: bytes) -> bytes:
        text = gzip.decompress(data)
        assert old in text
        return gzip.compress(text.replace(old, new))

    return edit


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data[:-1], "cut off"),
        (lambda data: data[: len(data) // 2], "cut off"),
        (lambda data: data[:3], "cut off"),
        (lambda data: b"", "no file of rooms that roomd has made"),
        (lambda data: b"hello", "no file of rooms at all"),
        (lambda data: data[:200] + bytes([data[200] ^ 1]) + data[201:], "damaged|changed|cut off"),
        (lambda data: zipped(lines_of(data)[:-1]), "cut off"),
        (lambda data: zipped([*lines_of(data)[:1], *lines_of(data)[2:]]), "does not add up"),
        (lambda data: zipped([lines_of(data)[n] for n in (0, 2, 1, 3)]), "does not add up"),
        (lambda data: zipped([*lines_of(data), lines_of(data)[1]]), "changed"),
        (lambda data: gzip.compress(gzip.decompress(data)[:-1]), "cut off"),
        (lambda data: gzip.compress(gzip.decompress(data)[:-40]), "cut off"),
        (edited(b"Zweites", b"Drittes"), "room 2 is not what it was"),
        (edited(b'"rooms":2', b'"rooms":1'), "does not add up"),
        (edited(b'"version":1', b'"version":2'), "newer roomd"),
        (edited(b'"roomd":"snapshot"', b'"roomd":"something"'), "no file of rooms"),
        (edited(b'"made_at":', b'"made_by":'), "does not add up"),
    ],
)
def test_a_file_that_is_not_as_it_was_is_refused(damage: Callable[[bytes], bytes], words: str) -> None:
    with pytest.raises(FileError, match=words):
        list(read(io.BytesIO(damage(written(*rooms())))))


def test_every_cut_and_every_changed_byte_is_found() -> None:
    whole = written(Saved(Whole(room=opened()), START))
    for place in range(len(whole)):
        with pytest.raises(FileError):
            list(read(io.BytesIO(whole[:place])))
    # The header of gzip has a time and a system's name in it, which say nothing of what is inside.
    for place in range(10, len(whole)):
        broken = whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :]
        try:
            found = list(read(io.BytesIO(broken)))
        except FileError:
            continue
        # A few bits of the compression mean nothing.
        assert found == list(read(io.BytesIO(whole)))


def test_a_file_is_its_owners_and_takes_the_place_of_the_old_one_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "rooms.gz"
    path.write_text("the old one")
    with pytest.raises(KeyError), replacing(path) as stream:
        stream.write(b"half")
        assert [each.stat().st_mode & 0o777 for each in tmp_path.iterdir() if each != path] == [0o600]
        raise KeyError
    assert path.read_text() == "the old one"
    with replacing(path) as stream:
        stream.write(b"the new one")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("the new one", 0o600)
    assert [each.name for each in tmp_path.iterdir()] == ["rooms.gz"]


def test_a_file_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"cannot write .*: No such file or directory"), replacing(tmp_path / "x" / "y"):
        pytest.fail("there is no such folder")
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileError, match="Is a directory"), replacing(tmp_path / "folder"):
        pass
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


def test_a_room_at_rest_stands_where_it_was_with_nobody_there() -> None:
    room = after(party(), Play(), Seek(position=10_000.0))
    playing = room.playback
    rested = at_rest(room, playing.as_of + 2_500.0)
    assert not any(member.online for member in rested.members.values())
    assert {member.seen_at for member in rested.members.values()} == {playing.as_of + 2_500.0}
    assert (rested.playback.position, rested.playback.playing) == (12_500.0, False)
    assert rested.playback.entry == playing.entry
    # Long after its end, it stands at the end.
    assert at_rest(room, START + 10**9).playback.position == room.entries[named(room, "A")].track.duration_ms
    assert at_rest(rested, START + 10**9) == rested
    alone = online(opened(), ALICE)
    assert at_rest(alone, START).playback == alone.playback
    assert msgspec.structs.replace(at_rest(room, START), members={}, playback=playing) == msgspec.structs.replace(
        room, members={}
    )
