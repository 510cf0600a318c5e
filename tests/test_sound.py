"""Listening with a real ffmpeg: how loud files are, how they look, what is converted, and what is passed over."""

import asyncio
import fcntl
import os
from pathlib import Path

import media_files as files
import pytest
from hub_world import eventually, until
from sound_world import ffmpeg, heard, kit_in, listening, the, tone

from roomd.catalogue.local import LocalFolder
from roomd.catalogue.scan import walk
from roomd.domain.refusals import Unavailable
from roomd.settings import Settings
from roomd.sound import find_kit
from roomd.sound.ffmpeg import LISTENING, run
from roomd.sound.notes import Heard, key_of
from roomd.sound.shelf import Shelf
from roomd.sound.workshop import Workshop


@pytest.mark.gen_test(timeout=90)
@pytest.mark.parametrize(
    ("level", "name", "coding"),
    [
        (-20.0, "tone.wav", ()),
        (-23.0, "tone.flac", ("-c:a", "flac")),
        (-9.0, "tone.mp3", ("-c:a", "libmp3lame", "-b:a", "192k")),
        (-35.0, "tone.opus", ("-c:a", "libopus", "-b:a", "160k")),
        (-16.0, "tone.m4a", ("-c:a", "aac", "-b:a", "192k")),
        (-26.0, "tone.wma", ("-c:a", "wmav2", "-b:a", "192k")),
    ],
)
async def test_a_tone_of_known_loudness(
    tmp_path: Path, data_dir: Path, level: float, name: str, coding: tuple[str, ...]
) -> None:
    tone(tmp_path / name, 6.0, level, *coding)
    kit = kit_in(data_dir)
    async with listening(tmp_path, kit) as (folder, workshop):
        item = await heard(folder, "tone")
        told = await workshop.tell(item)
    assert told.heard is not None
    assert told.heard.lufs == pytest.approx(level, abs=0.5)
    # What begins at once rings a little in a lossy form.
    assert told.heard.peak_db is not None and level - 0.5 < told.heard.peak_db < level + 2
    assert told.heard.duration_ms == pytest.approx(6_000, abs=60)
    assert item.track.gain_db == pytest.approx(min(15.0, -14.0 - level), abs=0.5)
    assert len(told.heard.peaks) == 1_000
    # At 8 samples a period, the highest may lie up to 8 % below the peak.
    shown = 255 * 10 ** (level / 20)
    assert all(0.88 * shown - 2 <= peak <= shown + 8 for peak in told.heard.peaks[20:-20])


@pytest.mark.gen_test(timeout=90)
async def test_a_wave_shows_where_it_is_loud(tmp_path: Path, data_dir: Path) -> None:
    tone(tmp_path / "loud.wav", 2.0, -6.0)
    tone(tmp_path / "quiet.wav", 2.0, -26.0)
    (tmp_path / "list").write_text("file loud.wav\nfile quiet.wav\nfile loud.wav\n")
    (tmp_path / "m").mkdir()
    ffmpeg("-f", "concat", "-i", str(tmp_path / "list"), str(tmp_path / "m" / "wave.wav"))
    async with listening(tmp_path / "m", kit_in(data_dir)) as (folder, workshop):
        told = await workshop.tell(await heard(folder, "wave"))
    assert told.heard is not None
    peaks = told.heard.peaks
    assert (told.status, told.progress, len(peaks)) == ("ready", 1.0, 1_000)
    for at, level in ((100, -6.0), (500, -26.0), (900, -6.0)):
        assert peaks[at] == pytest.approx(255 * 10 ** (level / 20), abs=6)


@pytest.mark.gen_test(timeout=120)
async def test_silence_and_files_without_sound(tmp_path: Path, data_dir: Path) -> None:
    files.put(tmp_path / "silence.wav", files.wav(3))
    files.put(tmp_path / "film.mp4", files.mp4(3, video=True))
    kit = kit_in(data_dir)
    async with listening(tmp_path, kit) as (folder, workshop):
        silence, film = the(folder, "silence"), the(folder, "film")
        assert silence is not None and film is not None
        await until(lambda: kit.notes.read(silence.found) and kit.notes.read(film.found), "notes", 60)
        told = await workshop.tell(silence)
        assert told.heard is not None
        assert (told.status, told.heard.lufs, told.heard.gain_db) == ("ready", None, None)
        assert told.heard.duration_ms == pytest.approx(3_000, abs=1)
        failed = await workshop.tell(film)
        assert failed.status == "failed" and failed.heard is not None and failed.heard.fault
        # What browsers can play stays, whatever ffmpeg says of it.
        assert the(folder, "film") is not None


HEARD = Heard(duration_ms=3_000.0, lufs=-20.0, peak_db=-17.0, peaks=b"\x80" * 1_000)
FOREIGN = {
    "a.aiff": ("-c:a", "pcm_s16be"),
    "b.wma": ("-c:a", "wmav2"),
    "c.wv": ("-c:a", "wavpack"),
    "d.tta": ("-c:a", "tta"),
    "e.ac3": ("-c:a", "ac3"),
    "f.au": ("-c:a", "pcm_s16be"),
    "g.caf": ("-c:a", "alac"),
    "h.mka": ("-c:a", "flac"),
    "i.w64": (),
    "j.mp2": ("-c:a", "mp2"),
    "k.aif": ("-c:a", "pcm_s24be", "-f", "aiff"),
}


@pytest.mark.gen_test(timeout=300)
async def test_what_browsers_refuse_is_found_converted_and_played(tmp_path: Path, data_dir: Path) -> None:
    for name, coding in FOREIGN.items():
        tone(tmp_path / name, 3.0, -20.0, "-metadata", f"title=Tone {name[0]}", "-metadata", "artist=Alice", *coding)
    kit = kit_in(data_dir)
    async with listening(tmp_path, kit) as (folder, workshop):
        await until(lambda: len(folder.index) == len(FOREIGN), "all found", 120)
        await eventually_ready(folder, workshop, len(FOREIGN))
        for name in FOREIGN:
            item = next(each for each in folder.index if each.found.relative == name)
            track = item.track
            assert track.url == f"/media/{item.id}.m4a" and track.mime == "audio/mp4" and track.kind == "audio"
            assert track.duration_ms == pytest.approx(3_000, abs=100), name
            assert track.gain_db == pytest.approx(6.0, abs=0.7), name
            media = await folder.open(item.id, "m4a")
            assert media is not None
            with media.file:
                made = media.file.read()
            assert made[4:8] == b"ftyp" and len(made) == media.size
            assert made.index(b"moov") < made.index(b"mdat"), "players begin before the end has come"
            assert await folder.open(item.id, name.rpartition(".")[2]) is None
        titles = {item.track.title for item in folder.index}
        assert {"Tone a", "Tone b", "Tone c", "Tone h"} <= titles
    again = LocalFolder(tmp_path, b"k" * 32, kit.notes)
    await again.rescan()
    assert len(again.index) == len(FOREIGN), "what was found out is kept"


async def eventually_ready(folder: LocalFolder, workshop: Workshop, count: int) -> None:
    async def ready() -> bool:
        told = [await workshop.tell(item) for item in folder.index]
        return sum(each.status == "ready" for each in told) == count

    async with asyncio.timeout(120):
        await eventually(ready, "all converted")


@pytest.mark.gen_test(timeout=120)
async def test_apple_lossless_is_converted_although_its_name_promises_otherwise(tmp_path: Path, data_dir: Path) -> None:
    tone(tmp_path / "lossless.m4a", 3.0, -20.0, "-c:a", "alac")
    tone(tmp_path / "ordinary.m4a", 3.0, -20.0, "-c:a", "aac")
    kit = kit_in(data_dir)
    async with listening(tmp_path, kit) as (folder, _):
        lossless, ordinary = await heard(folder, "lossless"), await heard(folder, "ordinary")
        assert (lossless.converted, ordinary.converted) == (True, False)
        for item, codec in ((lossless, b"mp4a"), (ordinary, b"mp4a")):
            media = await folder.open(item.id, "m4a")
            assert media is not None
            with media.file:
                data = media.file.read()
            assert codec in data and b"alac" not in data
        assert not kit.shelf.has(key_of(ordinary.found))
    plain = LocalFolder(tmp_path, b"k" * 32)
    await plain.rescan()
    media = await plain.open(lossless.id, "m4a")
    assert media is not None, "without ffmpeg it is given as it is: some browsers can play it"
    with media.file:
        assert b"alac" in media.file.read()


@pytest.mark.gen_test(timeout=120)
async def test_damaged_and_hostile_files_are_noted_once(tmp_path: Path, data_dir: Path) -> None:
    secret = files.put(tmp_path / "elsewhere" / "secret.wav", files.wav(3))
    music = tmp_path / "music"
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile://{secret}\n#EXT-X-ENDLIST\n".encode()
    bad = {
        "rubbish.ape": b"MAC " + bytes(500),
        "empty.wma": b"",
        "text.aiff": b"hello\n" * 1_000,
        "list.aif": playlist,
        "concat.au": f"ffconcat version 1.0\nfile {secret}\n".encode(),
        "sdp.mka": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n",
        "cut.wv": b"",
    }
    for name, data in bad.items():
        files.put(music / name, data)
    whole = tone(tmp_path / "whole.wv", 3.0, -20.0).read_bytes()
    files.put(music / "cut.wv", whole[:300])
    files.put(music / "fine.wav", files.wav(1))
    kit = kit_in(data_dir)
    async with listening(music, kit) as (folder, _):
        todo = folder.files()
        assert {each.relative for each in todo} == {*bad, "fine.wav"}
        await until(lambda: all(kit.notes.read(each) for each in todo), "notes", 60)
        faults = {each.relative: note.fault for each in todo if (note := kit.notes.read(each))}
        assert all(faults[name] for name in bad) and not faults["fine.wav"], faults
        assert [item.found.relative for item in folder.index] == ["fine.wav"]
        before = {path: path.stat().st_mtime_ns for path in (kit.root / "notes").rglob("*.json")}
    async with listening(music, kit) as (folder, _):
        files.put(music / "new.wav", files.wav(2))
        await folder.rescan()
        await until(lambda: the(folder, "new") and kit.notes.read(the(folder, "new").found), "the new one", 60)  # type: ignore[union-attr]
        assert all(path.stat().st_mtime_ns == then for path, then in before.items())


@pytest.mark.gen_test(timeout=60)
async def test_files_that_name_others_are_not_opened_at_all(tmp_path: Path, data_dir: Path) -> None:
    """The demuxers that would follow them are not even asked; no file's name can bring them back."""
    names = {
        "list.wav": "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
        "concat.wav": "ffconcat version 1.0\nfile other.wav\n",
        "sdp.wav": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n",
    }
    for name, text in names.items():
        path = files.put(tmp_path / name, text.encode())
        with path.open("rb") as file:
            ended = await run(kit_in(data_dir).program, LISTENING, file, lambda _: None)
        assert ended.fault and not ended.again
        assert "not on whitelist" in ended.said, ended.said


@pytest.mark.gen_test(timeout=120)
async def test_a_file_that_changes_is_listened_to_again(tmp_path: Path, data_dir: Path) -> None:
    tone(tmp_path / "tone.wav", 3.0, -20.0)
    async with listening(tmp_path, kit_in(data_dir)) as (folder, _):
        first = await heard(folder, "tone")
        assert first.track.gain_db == pytest.approx(6.0, abs=0.2)
        tone(tmp_path / "tone.wav", 4.0, -10.0)
        await folder.rescan()
        item = the(folder, "tone")
        assert item is not None and item.track.gain_db is None
        assert (await heard(folder, "tone")).track.gain_db == pytest.approx(-4.0, abs=0.2)


@pytest.mark.gen_test(timeout=120)
async def test_two_servers_share_the_work(tmp_path: Path, data_dir: Path) -> None:
    for number in range(6):
        tone(tmp_path / f"tone {number}.wav", 2.0, -20.0 - number)
    kit = kit_in(data_dir, ffmpeg=counted(tmp_path))
    async with listening(tmp_path, kit) as (one, _), listening(tmp_path, kit) as (other, _):
        for number in range(6):
            for folder in (one, other):
                item = await heard(folder, f"tone {number}")
                assert item.track.gain_db == pytest.approx(6.0 + number, abs=0.2)
    assert len(list((kit.root / "notes").rglob("*.json"))) == 6
    assert (tmp_path / "runs").read_text().count("\n") == 6


def counted(tmp_path: Path) -> Path:
    """An ffmpeg that writes a line into `runs` whenever it begins."""
    counting = files.put(tmp_path / "counting", b"")
    counting.write_text(f'#!/bin/sh\necho >> "{tmp_path}/runs"\nexec ffmpeg "$@"\n')
    counting.chmod(0o755)
    return counting


@pytest.mark.gen_test(timeout=120)
async def test_what_two_servers_are_asked_for_is_converted_once(tmp_path: Path, data_dir: Path) -> None:
    tone(tmp_path / "tone.wma", 3.0, -20.0, "-c:a", "wmav2")
    kit = kit_in(data_dir, ffmpeg=counted(tmp_path))

    (found,) = walk(tmp_path, {"wma"})
    kit.notes.write(found, HEARD)

    async def played(folder: LocalFolder) -> bytes:
        (item,) = folder.index
        media = await folder.open(item.id, "m4a")
        assert media is not None
        with media.file:
            return media.file.read()

    # Neither begins by itself.
    async with listening(tmp_path, kit, after_s=600.0) as (one, _), listening(tmp_path, kit, after_s=600.0) as (two, _):
        first, second = await asyncio.gather(played(one), played(two))
    assert first == second
    assert (tmp_path / "runs").read_text().count("\n") == 1


@pytest.mark.gen_test(timeout=60)
async def test_what_another_server_has_heard_is_known_before_its_turn_is_over(tmp_path: Path, data_dir: Path) -> None:
    tone(tmp_path / "tone.wma", 1.0, -20.0, "-c:a", "wmav2")
    kit = kit_in(data_dir)
    kit.root.mkdir()
    with (kit.root / "turn").open("ab") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        async with listening(tmp_path, kit) as (folder, _):
            assert the(folder, "tone") is None
            (found,) = folder.files()
            kit.notes.write(found, HEARD)
            await until(lambda: the(folder, "tone") is not None, "tone", 30.0)


@pytest.mark.logs("files are not listened to for now")
@pytest.mark.gen_test(timeout=60)
async def test_a_disk_that_cannot_be_written_is_tried_again(
    tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("roomd.sound.workshop.AGAIN_S", 0.05)
    tone(tmp_path / "tone.wav", 1.0)
    kit = kit_in(data_dir)
    kit.root.mkdir()
    (kit.root / "notes").write_text("in the way")
    async with listening(tmp_path, kit) as (folder, workshop):
        item = the(folder, "tone")
        assert item is not None
        await until(lambda: "for now" in caplog.text, "a word about it", 30)
        assert (await workshop.tell(item)).status != "ready"
        (kit.root / "notes").unlink()
        assert (await heard(folder, "tone")).track.gain_db is not None


@pytest.mark.gen_test(timeout=120)
async def test_a_listener_waits_for_a_file_that_is_not_ready_and_others_wait_with_them(
    tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tone(tmp_path / "tone.wma", 20.0, -20.0)
    kit = kit_in(data_dir)
    crowded = kit._replace(shelf=Shelf(kit.root / "made", max_bytes=0))
    async with listening(tmp_path, crowded) as (folder, workshop):
        item = await heard(folder, "tone")
        assert not kit.shelf.has(key_of(item.found)), "what nobody asked for takes no space that is not there"
        assert (await workshop.tell(item)).status == "waiting"
    async with listening(tmp_path, kit, after_s=3_600) as (folder, workshop):
        assert the(folder, "tone") == item
        monkeypatch.setattr("roomd.sound.workshop.PATIENCE_S", 0.0)
        with pytest.raises(Unavailable) as caught:
            await folder.open(item.id, "m4a")
        assert caught.value.code == "converting"
        assert (await workshop.tell(item)).status in {"waiting", "converting"}
        monkeypatch.setattr("roomd.sound.workshop.PATIENCE_S", 60.0)
        opened = await asyncio.gather(*(folder.open(item.id, "m4a") for _ in range(5)))
        assert {media.etag if media else "" for media in opened} == {opened[0].etag if opened[0] else "none"}
        for media in opened:
            assert media is not None
            media.file.close()
        assert (await workshop.tell(item)).status == "ready"
        assert [path.suffix for path in (kit.root / "made").iterdir()] == [".m4a"]


@pytest.mark.gen_test(timeout=120)
async def test_closing_ends_what_is_under_way_and_notes_nothing(tmp_path: Path, data_dir: Path) -> None:
    files.put(tmp_path / "long.wav", files.wav(3_600))
    kit = kit_in(data_dir)
    async with listening(tmp_path, kit) as (folder, workshop):
        item = the(folder, "long")
        assert item is not None
        seen = []

        async def under_way() -> bool:
            seen.append(await workshop.tell(item))
            return seen[-1].status == "listening" and seen[-1].progress > 0

        await eventually(under_way, "listening")
        assert 0 < seen[-1].progress < 1
    assert kit.notes.read(item.found) is None


@pytest.mark.logs("no more files are listened to")
@pytest.mark.gen_test(timeout=60)
async def test_an_ffmpeg_that_goes_away(tmp_path: Path, data_dir: Path) -> None:
    tone(tmp_path / "tone.wav", 1.0)
    kit = kit_in(data_dir)._replace(program=str(tmp_path / "gone"))
    async with listening(tmp_path, kit) as (folder, workshop):
        item = the(folder, "tone")
        assert item is not None
        await until(lambda: workshop._working is not None and workshop._working.done(), "the end of the work", 30)
        assert (await workshop.tell(item)).status == "waiting"
        assert kit.notes.read(item.found) is None


@pytest.mark.gen_test(timeout=60)
async def test_a_program_ended_from_outside_leaves_no_note(tmp_path: Path, data_dir: Path) -> None:
    tone(tmp_path / "one.wav", 1.0)
    tone(tmp_path / "two.wav", 1.0)
    killed = tmp_path / "killed"
    killed.write_text("#!/bin/sh\nkill -TERM $$\n")
    killed.chmod(0o755)
    kit = kit_in(data_dir, ffmpeg=killed)
    async with listening(tmp_path, kit) as (folder, workshop):
        await until(lambda: len(workshop._finished) == 2, "both looked at", 30)
        assert not list((kit.root / "notes").rglob("*.json"))
    assert len(folder.index) == 2


@pytest.mark.logs("ROOMD_FFMPEG is")
def test_without_ffmpeg(tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_kit(Settings(data_dir=data_dir, ffmpeg=tmp_path / "no")) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_kit(Settings(data_dir=data_dir)) is None


def test_the_shelf_lets_go_of_what_was_used_least_lately(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "made", max_bytes=250)
    for key in ("a", "b"):
        part = shelf.begin(key)
        part.write_bytes(bytes(100))
        shelf.finish(key, part)
    for age, key in ((200, "a"), (100, "b")):
        path = tmp_path / "made" / f"{key}.m4a"
        os.utime(path, (path.stat().st_atime - age, path.stat().st_mtime))
        os.utime(path, (path.stat().st_atime, 1_000_000_000))
    used = shelf.open("a")
    assert used is not None
    tag = 1_000_000_000 * 10**9
    part = shelf.begin("c")
    part.write_bytes(bytes(100))
    shelf.finish("c", part)
    assert [shelf.has(key) for key in "abc"] == [True, False, True]
    assert (shelf.room(), os.fstat(used.fileno()).st_mtime_ns) == (50, tag)
    part = shelf.begin("d")
    part.write_bytes(bytes(300))
    shelf.finish("d", part)
    assert [shelf.has(key) for key in "abcd"] == [False, False, False, True], "the newest stays, however large"
    assert (len(used.read()), shelf.room()) == (100, 0)
    used.close()
    forgotten = shelf.begin("e")
    forgotten.write_bytes(b"half")
    shelf.tidy(spare="d")
    assert forgotten.exists()
    os.utime(forgotten, (1, 1))
    shelf.tidy(spare="d")
    assert not forgotten.exists()


def test_damaged_notes_count_as_none(tmp_path: Path, data_dir: Path) -> None:
    kit = kit_in(data_dir)
    files.put(tmp_path / "x.wav", files.wav(1))
    (found,) = walk(tmp_path)
    kit.notes.write(found, Heard(lufs=-20.0, peak_db=-20.0, duration_ms=5.0, peaks=b"\0\xff"))
    assert kit.notes.read(found) == Heard(lufs=-20.0, peak_db=-20.0, duration_ms=5.0, peaks=b"\0\xff")
    (path,) = (kit.root / "notes").rglob("*.json")
    for damage in (b"", b"{", b"[]", b'{"lufs":"loud"}', b"\xff"):
        path.write_bytes(damage)
        assert kit.notes.read(found) is None
