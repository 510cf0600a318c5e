"""The secret that signs everybody's tokens."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from roomd.doctor.lines import Line, Lines, fail, ok, warn
from roomd.guessable import MIN_SECRET, guessable, unfit
from roomd.settings import Settings

GROUP = "secret"
_CHECK = "SECRET_KEY"
Bad = Callable[[str, str, str, str], Line]
_MAKE = "Make one with `python3 -c 'import secrets; print(secrets.token_hex(32))'` and keep it."


async def look(settings: Settings) -> Lines:
    if settings.secret_key is not None:
        return [_given(settings.secret_key, len(settings.secret_key_previous), fail if settings.production else warn)]
    if settings.production:
        return [fail(GROUP, _CHECK, "not set, and needed in production", _MAKE)]
    return [await asyncio.to_thread(_kept, settings.data_dir / "secret")]


def _given(secret: str, previous: int, bad: Bad) -> Line:
    """`bad`: what it is when it can be guessed."""
    found = f"set, {len(secret)} characters" + (f"; {previous} earlier ones are honoured" if previous else "")
    if len(secret) < MIN_SECRET:
        return fail(GROUP, _CHECK, f"{found}: too short", _MAKE)
    if unfit(secret):
        return fail(GROUP, _CHECK, f"{found}: a key file of TLS or SSH", _MAKE)
    if guessable(secret):
        return bad(GROUP, _CHECK, f"{found}: a well-known default, or a repetition", _MAKE)
    return ok(GROUP, _CHECK, found)


def _kept(path: Path) -> Line:
    try:
        mode = path.stat().st_mode & 0o777
        length = len(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return ok(GROUP, _CHECK, f"not set; the first start makes one and keeps it in {path}")
    except (OSError, UnicodeDecodeError) as fault:
        found = f"{path} cannot be read: {getattr(fault, 'strerror', None) or type(fault).__name__}"
        return fail(GROUP, _CHECK, found, "Run this as the server's user, or give the file to that user.")
    if mode & 0o077:
        return fail(GROUP, _CHECK, f"{path} is open to other users ({mode:04o})", f"chmod 600 {path}")
    if length < MIN_SECRET:
        return fail(GROUP, _CHECK, f"{path} holds {length} characters: too short", "Remove it: a new one is made.")
    return ok(GROUP, _CHECK, f"made here, kept in {path} ({mode:04o})")
