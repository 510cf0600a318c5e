"""The pieces that a server without music makes for itself."""

import asyncio
import time
from itertools import pairwise
from pathlib import Path

import pytest
from tinytag import TinyTag

from roomd.catalogue import cover, synth
from roomd.catalogue.forms import image_type
from roomd.catalogue.local import LocalFolder
from roomd.catalogue.pieces import Pieces
from roomd.catalogue.scores import ALBUM, PIECES, Piece
from roomd.catalogue.sound import RATE, Band, envelope, steady

KEY = b"k" * 32


@pytest.mark.gen_test(timeout=60)
async def test_they_appear_one_by_one_with_names_lengths_and_covers(tmp_path: Path) -> None:
    directory = tmp_path / "data" / "pieces"
    folder = LocalFolder(directory, KEY)
    pieces = Pieces(directory, folder)
    pieces.start()
    counts = {0}
    while len(counts) == 1:
        await _turn()
        counts.add(folder.found)
    assert folder.found < len(PIECES)
    await pieces.wait()
    found = folder.search("", 50).tracks
    assert {(item.track.title, item.track.artist) for item in found} == {
        (piece.title, piece.artist) for piece in PIECES
    }
    for item in found:
        piece = next(piece for piece in PIECES if piece.title == item.track.title)
        assert item.track.duration_ms == pytest.approx(piece.seconds * 1_000, abs=1)
        assert item.track.album == ALBUM and item.found.size < 4_000_000
        picture = await folder.picture(item.id)
        assert picture is not None and picture.mime == "image/png"
    assert not halves(directory)
    stamps = {path: path.stat().st_mtime_ns for path in directory.iterdir()}
    again = Pieces(directory, LocalFolder(directory, KEY))
    again.start()
    await again.wait()
    assert {path: path.stat().st_mtime_ns for path in directory.iterdir()} == stamps


@pytest.mark.gen_test(timeout=60)
async def test_of_two_processes_one_makes_them_and_both_find_them(tmp_path: Path) -> None:
    folders = [LocalFolder(tmp_path, KEY) for _ in range(2)]
    both = [Pieces(tmp_path, folder) for folder in folders]
    for pieces in both:
        pieces.start()
    for pieces in both:
        await pieces.wait()
    assert [folder.found for folder in folders] == [len(PIECES)] * 2
    assert sorted(pieces._child is None for pieces in both) == [False, True]


@pytest.mark.gen_test(timeout=60)
async def test_making_them_can_be_stopped_and_leaves_no_halves(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path, KEY)
    pieces = Pieces(tmp_path, folder)
    pieces.start()
    while not folder.found:
        await _turn()
    await pieces.close()
    await folder.close()
    assert not halves(tmp_path)
    made = [item.found.path for item in folder.search("", 50).tracks]
    assert made and all(TinyTag.get(path).duration for path in made)


@pytest.mark.logs("no pieces were made")
@pytest.mark.gen_test(timeout=20)
async def test_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    folder = LocalFolder(tmp_path, KEY)
    pieces = Pieces(tmp_path / "file" / "pieces", folder)
    pieces.start()
    await pieces.wait()
    assert not folder.found


def test_they_are_the_same_every_time(tmp_path: Path) -> None:
    def score(band: Band) -> None:
        PIECES[4].score(band)

    short = Piece("Short", "Alice", 3, score, 0.2)
    (tmp_path / "again").mkdir()
    one, two = synth.make(tmp_path, 1, short), synth.make(tmp_path / "again", 1, short)
    assert one.read_bytes() == two.read_bytes()
    assert one.with_suffix(".png").read_bytes() == two.with_suffix(".png").read_bytes()
    tag = TinyTag.get(one)
    assert (tag.title, tag.artist, tag.album, tag.samplerate, tag.channels) == ("Short", "Alice", ALBUM, RATE, 1)
    assert tag.duration == pytest.approx(3)


def test_covers_differ() -> None:
    pictures = {cover.draw(piece.hue, number) for number, piece in enumerate(PIECES)}
    assert len(pictures) == len(PIECES) and {image_type(picture) for picture in pictures} == {"image/png"}


def test_a_tone_has_its_pitch_and_does_not_click() -> None:
    wave = steady(440.0, (1.0,), 1.0, RATE)
    rises = sum(1 for i in range(1, RATE) if wave[i - 1] < 0 <= wave[i])
    assert rises in {439, 440, 441}
    assert max(abs(b - a) for a, b in pairwise(wave)) < 0.13
    for attack, decay in ((0.01, 0.3), (0.0, 0.0), (2.0, 0.5)):
        shape = envelope(RATE, attack, decay)
        assert len(shape) == RATE and min(shape) >= 0 and max(shape) <= 1 and shape[-1] < 0.01


def test_a_piece_takes_seconds_and_not_minutes(tmp_path: Path) -> None:
    """Measured: 0.5 to 1.2 s each, 4.3 s together. The bound only tells an accident from a busy machine."""
    begun = time.process_time()
    synth.make(tmp_path, 1, PIECES[0])
    assert time.process_time() - begun < 4


def halves(folder: Path) -> list[Path]:
    return list(folder.glob(".*"))


async def _turn() -> None:
    await asyncio.sleep(0.001)
