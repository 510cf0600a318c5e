"""The secret that signs tokens: the one given, or one of our own, made once and kept where only we can read it."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from roomd.settings import Settings

#: In the data folder: today's, and those before it, a line each, the newest first.
NOW, BEFORE = "secret", "secret.previous"


class Keys(NamedTuple):
    """`all`: today's secret, then those that still count. `lasting`: the oldest of them, which signs what outlives its
    time, as the addresses of songs and subtitles that stand in rooms and playlists do.
    """

    all: list[str]
    lasting: str


def keys_of(settings: Settings) -> Keys:
    before = [] if settings.secret_key is not None else kept_before(settings.data_dir)
    known = [secret_of(settings), *before, *settings.secret_key_previous]
    return Keys(known, known[-1])


def secret_of(settings: Settings) -> str:
    """Several processes that start at once have the same: the first to put its own in its place."""
    if settings.secret_key is not None:
        return settings.secret_key
    path = settings.data_dir / NOW
    if not path.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        fresh = _written(path, make())
        try:
            with suppress(FileExistsError):
                path.hardlink_to(fresh)
        finally:
            fresh.unlink()
    return path.read_text(encoding="ascii").strip()


def make() -> str:
    return secrets.token_hex(32)


def kept_before(folder: Path) -> list[str]:
    """The secrets before the one in this folder."""
    try:
        return (folder / BEFORE).read_text(encoding="ascii").split()
    except FileNotFoundError:
        return []


def replace(folder: Path, fresh: str, before: list[str]) -> None:
    """Put another secret into the folder. Should this end in between, the old one counts, and is known twice."""
    _written(folder / BEFORE, "\n".join(before)).replace(folder / BEFORE)
    _written(folder / NOW, fresh).replace(folder / NOW)


def _written(path: Path, text: str) -> Path:
    """A file beside it with this text, for whoever owns the folder alone: root may do this for roomd's user."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    beside.touch(mode=0o600)
    beside.write_text(text, encoding="ascii")
    owner = path.parent.stat()
    if os.geteuid() == 0:
        os.chown(beside, owner.st_uid, owner.st_gid)
    return beside
