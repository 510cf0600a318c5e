"""Makes the pieces: `python -m roomd.catalogue.synth <folder>` writes what is missing and names each.

A program of its own, because four seconds of arithmetic inside the server would hold up everybody's messages.
"""

import os
import signal
import sys
from pathlib import Path

from roomd.catalogue import cover
from roomd.catalogue.scores import ALBUM, PIECES, Piece
from roomd.catalogue.sound import Band


def file_name(number: int, piece: Piece) -> str:
    return f"{number:02} {piece.title}.wav"


def missing(folder: Path) -> list[tuple[int, Piece]]:
    """The pieces that are not there yet."""
    return [(i, piece) for i, piece in enumerate(PIECES, start=1) if not (folder / file_name(i, piece)).exists()]


def make(folder: Path, number: int, piece: Piece) -> Path:
    """One piece and its cover. The cover comes first: a piece that is found has it already."""
    path = folder / file_name(number, piece)
    _write(path.with_suffix(".png"), cover.draw(piece.hue, number))
    band = Band(piece.seconds, number)
    piece.score(band)
    _write(path, band.wav(piece.title, piece.artist, ALBUM))
    return path


def main() -> None:
    # As an exception, so that what is half written is cleared away on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, piece in missing(folder):
        made = make(folder, number, piece)
        sys.stdout.write(f"{made.name}\n")
        sys.stdout.flush()


def _write(path: Path, data: bytes) -> None:
    """Under another name first, so that what bears the final name is whole. Scans leave out names with a dot first."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
