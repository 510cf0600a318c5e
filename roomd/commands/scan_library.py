"""`roomd scan-library`: what roomd makes of a folder of music, without a server."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from roomd.catalogue import scan
from roomd.catalogue.forms import FOREIGN
from roomd.commands import TO_DO, tell
from roomd.domain.refusals import NotFound
from roomd.settings import Settings
from roomd.sound import find_kit

#: Files that are named, of those with something wrong.
_NAMED = 20


class Library(NamedTuple):
    """`unheard`: only ffmpeg reads them, and they were not listened to yet. `damaged`: those are left out."""

    root: Path
    kinds: Counter[str]
    artists: int
    albums: int
    seconds: float
    unheard: list[str]
    damaged: list[str]


async def scan_library(settings: Settings, folder: Path | None, *, as_json: bool) -> int:
    """Read the folder and say what there is; the exit code. Raises NotFound."""
    root = folder or settings.music_dir
    if root is None:
        raise NotFound("there is no folder to read: name one, or set MUSIC_DIR")
    found = await asyncio.to_thread(read, root.absolute(), settings)
    tell(_told(found), "\n".join(_words(found)), as_json=as_json)
    return TO_DO if found.damaged else 0


def read(root: Path, settings: Settings) -> Library:
    """Everything in the folder. Raises NotFound where it cannot be read."""
    kit = find_kit(settings)
    kinds, unheard, damaged = Counter[str](), list[str](), list[str]()
    artists, albums, seconds = set[str](), set[str](), 0.0
    try:
        for found in scan.walk(root, FOREIGN if kit else ()):
            heard = kit.notes.read(found) if kit else None
            item = scan.describe(found, b"", heard)
            extension = scan.extension_of(found.relative)
            if item is not None:
                kinds[extension] += 1
                artists.add(item.artist_words)
                albums.add(item.album_id)
                seconds += (item.track.duration_ms or 0.0) / 1_000
            elif extension in FOREIGN and (heard is None or not heard.fault):
                unheard.append(found.relative)
            else:
                damaged.append(found.relative)
    except OSError as fault:
        raise NotFound(f"{root} cannot be read: {fault.strerror or fault}") from None
    return Library(root, kinds, len(artists - {""}), len(albums - {""}), seconds, unheard, damaged)


def _told(found: Library) -> dict[str, object]:
    return {
        "folder": str(found.root),
        "tracks": found.kinds.total(),
        "kinds": dict(sorted(found.kinds.items())),
        "artists": found.artists,
        "albums": found.albums,
        "hours": round(found.seconds / 3_600, 2),
        "unheard": found.unheard,
        "damaged": found.damaged,
    }


def _words(found: Library) -> list[str]:
    kinds = ", ".join(f"{count} {kind}" for kind, count in found.kinds.most_common())
    lines = [f"{found.root}: {found.kinds.total()} to play ({kinds or 'none'})"]
    lines.append(f"{found.artists} artists, {found.albums} albums, {found.seconds / 3_600:.1f} hours")
    if found.unheard:
        lines.append(f"{len(found.unheard)} of forms that browsers refuse: a running server listens to them first")
    if found.damaged:
        lines.append(f"{len(found.damaged)} damaged, or not what their names say; left out:")
        lines += [f"  {name}" for name in found.damaged[:_NAMED]]
        if len(found.damaged) > _NAMED:
            lines.append(f"  … and {len(found.damaged) - _NAMED} more")
    return lines
