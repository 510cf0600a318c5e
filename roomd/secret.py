"""The secret that signs tokens: the one given, or one of our own, made once and kept where only we can read it."""

import secrets
from contextlib import suppress

from roomd.settings import Settings


def secret_of(settings: Settings) -> str:
    """Several processes that start at once have the same: the first to put its own in its place."""
    if settings.secret_key is not None:
        return settings.secret_key
    path = settings.data_dir / "secret"
    if not path.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        try:
            fresh.write_text(secrets.token_hex(32), encoding="ascii")
            with suppress(FileExistsError):
                path.hardlink_to(fresh)
        finally:
            fresh.unlink()
    return path.read_text(encoding="ascii").strip()
