"""The music folder: what is found, what is skipped, what never leaves it."""

import asyncio
import logging
import os
from pathlib import Path

import media_files as files
import pytest

from roomd.catalogue.local import LocalFolder
from roomd.catalogue.scan import MAX_FILES, walk
from roomd.catalogue.search import Matches
from roomd.catalogue.tags import from_name

KEY = b"k" * 32


def everything(folder: LocalFolder) -> Matches:
    return folder.search("", 50)


def titles(folder: LocalFolder, q: str = "") -> list[str]:
    return [item.track.title for item in folder.search(q, 50).tracks]


async def scanned(root: Path) -> LocalFolder:
    folder = LocalFolder(root, KEY)
    await folder.rescan()
    return folder


@pytest.mark.gen_test(timeout=20)
async def test_every_form_is_found_with_its_length_and_kind(tmp_path: Path) -> None:
    made = {
        "a.mp3": (files.mp3(383), 10_005, "audio", "audio/mpeg"),
        "b.m4a": (files.mp4(12.5), 12_500, "audio", "audio/mp4"),
        "c.aac": (files.aac(100), 2_322, "audio", "audio/aac"),
        "d.ogg": (files.opus(3), 3_000, "audio", "audio/ogg"),
        "e.opus": (files.opus(4), 4_000, "audio", "audio/ogg"),
        "f.flac": (files.flac(5), 5_000, "audio", "audio/flac"),
        "g.wav": (files.wav(6), 6_000, "audio", "audio/wav"),
        "h.webm": (files.webm(7), 7_000, "video", "video/webm"),
        "i.webm": (files.webm(None, video=False), None, "audio", "audio/webm"),
        "j.mp4": (files.mp4(8, video=True), 8_000, "video", "video/mp4"),
        "k.mp4": (files.mp4(9), 9_000, "audio", "audio/mp4"),
    }
    for name, (data, *_) in made.items():
        files.put(tmp_path / name, data)
    folder = await scanned(tmp_path)
    assert (folder.found, folder.scanned, folder.done) == (len(made), len(made), True)
    for item in everything(folder).tracks:
        _, duration, kind, mime = made[item.found.relative]
        assert item.track.duration_ms == (None if duration is None else pytest.approx(duration, abs=1)), (
            item.found.relative
        )
        assert (item.track.kind, item.track.mime) == (kind, mime)


@pytest.mark.gen_test(timeout=20)
async def test_tags_covers_and_names(tmp_path: Path) -> None:
    picture = files.png()
    files.put(tmp_path / "tagged.mp3", files.id3("Rain", "Alice", "Weather", picture) + files.mp3(50))
    files.put(tmp_path / "Weather" / "02 - Bob - Fog_Horn.wav", files.wav(1))
    files.put(tmp_path / "Weather" / "cover.png", files.png(3))
    files.put(tmp_path / "bare.wav", files.wav(1, "  Tabs\tand\x07bells  ", "Carol"))
    folder = await scanned(tmp_path)
    by_title = {item.track.title: item for item in everything(folder).tracks}
    assert set(by_title) == {"Rain", "Fog Horn", "Tabs and bells"}
    rain, horn, bells = (by_title[title] for title in ("Rain", "Fog Horn", "Tabs and bells"))
    assert (rain.track.artist, rain.track.album, horn.track.artist) == ("Alice", "Weather", "Bob")
    assert bells.track.cover == ""
    inner, beside = await folder.picture(rain.id), await folder.picture(horn.id)
    assert inner is not None and inner.data == picture and inner.mime == "image/png"
    assert beside is not None and beside.data == files.png(3)
    assert await folder.picture(bells.id) is None


def test_names_are_taken_apart() -> None:
    assert from_name("Alice - Rain") == ("Alice", "Rain")
    assert from_name("03 - Alice - Rain") == ("Alice", "Rain")
    assert from_name("1-07. Rain") == ("", "Rain")
    assert from_name("1999") == ("", "1999")
    assert from_name("Bob_and_Carol") == ("", "Bob and Carol")


@pytest.mark.gen_test(timeout=20)
async def test_damaged_files_are_skipped_with_one_line_each(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bad = {
        "empty.mp3": b"",
        "page.mp3": b"<html>" * 400,
        "zeros.mp3": bytes(300_000),
        "cut.flac": files.flac(5)[:20],
        "wrong.ogg": files.wav(1),
        "huge-chunk.wav": b"RIFF\xff\xff\xff\xffWAVELIST\xff\xff\xff\xff" + bytes(100),
        "loop.mp3": b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + b"TIT2" + bytes(200),
        "atoms.m4a": b"\0\0\0\x10ftypM4A " + bytes(400),
        "ebml.webm": b"\x1a\x45\xdf\xa3\xff" + b"\x00" * 50,
    }
    for name, data in bad.items():
        files.put(tmp_path / name, data)
    files.put(tmp_path / "good.wav", files.wav(1, "Good"))
    caplog.set_level(logging.INFO, "roomd.catalogue.scan")
    folder = await scanned(tmp_path)
    named = {name for name in bad if any(name in record.message for record in caplog.records)}
    assert titles(folder, "good") == ["Good"]
    assert {item.found.relative for item in everything(folder).tracks} <= {"good.wav", "atoms.m4a", "ebml.webm"}
    assert named >= set(bad) - {"atoms.m4a", "ebml.webm"}
    assert len(caplog.records) == len(named)


@pytest.mark.gen_test(timeout=20)
async def test_nothing_outside_the_root_is_found_or_opened(tmp_path: Path) -> None:
    secret = files.put(tmp_path / "outside" / "secret.wav", files.wav(1, "Secret"))
    root = tmp_path / "music"
    mine = files.put(root / "inner" / "mine.wav", files.wav(1, "Mine"))
    (root / "link.wav").symlink_to(secret)
    (root / "folder").symlink_to(secret.parent)
    (root / "circle").symlink_to(root)
    (root / "inner" / "again").symlink_to(root / "inner")
    (root / "dead.wav").symlink_to(root / "nowhere.wav")
    (root / "second.wav").symlink_to(mine)
    os.mkfifo(root / "pipe.wav")
    folder = await scanned(root)
    assert {item.found.relative for item in everything(folder).tracks} == {"inner/mine.wav", "second.wav"}
    held = next(item for item in everything(folder).tracks if item.found.relative == "inner/mine.wav")
    mine.unlink()
    mine.symlink_to(secret)
    assert await folder.open(held.id, "wav") is None


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize(
    "name",
    [
        "..",
        "../secret",
        "..%2fsecret",
        "a" * 31,
        "A" * 32,
        "0" * 32,
        "0" * 32 + "\n",
        "\0" * 32,
        "//host/share",
        "local:",
    ],
)
async def test_ids_that_are_none(tmp_path: Path, name: str) -> None:
    files.put(tmp_path / "a.wav", files.wav(1))
    folder = await scanned(tmp_path)
    assert await folder.open(name, "wav") is None
    assert await folder.picture(name) is None
    assert folder.track(name) is None


@pytest.mark.gen_test(timeout=20)
async def test_ids_stay_and_cannot_be_computed_without_the_key(tmp_path: Path) -> None:
    files.put(tmp_path / "a.wav", files.wav(1))
    first, again, other = [LocalFolder(tmp_path, key) for key in (KEY, KEY, b"o" * 32)]
    ids = []
    for folder in (first, again, other):
        await folder.rescan()
        ids.append(everything(folder).tracks[0].id)
    assert ids[0] == ids[1] != ids[2]
    track = first.track(f"local:{ids[0]}")
    assert track is not None and track == first.track(ids[0])
    assert track.url == f"/media/{ids[0]}.wav"
    assert await first.open(ids[0], "mp3") is None


@pytest.mark.gen_test(timeout=20)
async def test_a_rescan_reads_only_what_changed(tmp_path: Path) -> None:
    kept = files.put(tmp_path / "kept.wav", files.wav(1, "Kept"))
    gone = files.put(tmp_path / "gone.wav", files.wav(1, "Gone"))
    changed = files.put(tmp_path / "changed.wav", files.wav(1, "Before", "Alice"))
    folder = await scanned(tmp_path)
    before = next(item for item in everything(folder).tracks if item.track.title == "Kept")
    gone.unlink()
    files.put(changed, files.wav(2, "Afterwards", "Bob"))
    files.put(tmp_path / "new.wav", files.wav(1, "New"))
    await folder.rescan()
    assert sorted(titles(folder)) == ["Afterwards", "Kept", "New"]
    assert next(item for item in everything(folder).tracks if item.id == before.id) is before
    assert [artist.name for artist in everything(folder).artists] == ["Bob"]
    assert kept.exists()


@pytest.mark.logs("cannot be read")
@pytest.mark.gen_test(timeout=20)
async def test_a_folder_that_is_not_there_says_so_and_keeps_what_was_known(tmp_path: Path) -> None:
    root = tmp_path / "disk"
    files.put(root / "a.wav", files.wav(1, "Still known"))
    folder = await scanned(root)
    root.rename(tmp_path / "unplugged")
    await folder.rescan()
    assert "cannot be read" in folder.fault and titles(folder) == ["Still known"]
    (tmp_path / "unplugged").rename(root)
    await folder.rescan()
    assert folder.fault == "" and titles(folder) == ["Still known"]


@pytest.mark.gen_test(timeout=20)
async def test_the_first_scan_runs_in_the_background_and_can_be_stopped(tmp_path: Path) -> None:
    for number in range(900):
        files.put(tmp_path / f"{number % 10}" / f"{number}.wav", files.wav(0.01))
    folder = LocalFolder(tmp_path, KEY)
    folder.start()
    assert (folder.done, folder.found) == (False, 0)
    while not folder.found:  # noqa: ASYNC110 - nothing is waited for but the next turn of the loop
        await asyncio.sleep(0)
    assert titles(folder) and folder.scanned
    await folder.close()
    assert folder.done


@pytest.mark.logs("25 files or more")
def test_the_number_of_files_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        files.put(tmp_path / f"{number % 3}" / f"{number}.wav", b"x")
    assert MAX_FILES == 100_000
    assert len(list(walk(tmp_path))) == 30
    monkeypatch.setattr("roomd.catalogue.scan.MAX_FILES", 25)
    assert len(list(walk(tmp_path))) == 25
