"""What does not depend on the settings: Python, the variables, how many files may be open, Pillow."""

import asyncio
import platform
import resource
import sys
from collections.abc import Sequence
from difflib import get_close_matches

from roomd.doctor.lines import Line, Lines, fail, ok, warn
from roomd.settings import Settings, SettingsError, check, names, read, unknown

GROUP = "environment"
MIN_PYTHON = (3, 11)
#: Each listener is an open file, and each connection to a store.
MIN_FILES = 4_096
_PREFIX = "ROOMD_"
#: What uploaded pictures come as, and are kept as.
_PICTURES = {"jpg": "JPEG", "zlib": "PNG", "webp": "WebP"}


async def python() -> Lines:
    return [python_line(sys.version_info[:3])]


def python_line(version: tuple[int, ...]) -> Line:
    said = f"{platform.python_implementation()} {'.'.join(map(str, version))}"
    if version < MIN_PYTHON:
        return fail(GROUP, "python", said, "Install Python 3.11 or later, and roomd with it.")
    return ok(GROUP, "python", said)


async def variables() -> Lines:
    """Names with a typing error in them are silently without effect, unless somebody looks."""
    lines, known = [], {name.removeprefix(_PREFIX): name for name in names()}
    for name in unknown():
        # What all have in common would make all of them alike.
        near = [known[each] for each in get_close_matches(name.removeprefix(_PREFIX), known, 1)]
        fix = f"Did you mean {near[0]}? Correct or remove it." if near else "Remove it: roomd has no such setting."
        lines.append(warn(GROUP, "variables", f"{name} is set, and nothing reads it", fix))
    return lines or [ok(GROUP, "variables", "no ROOMD_… that nothing reads")]


async def files() -> Lines:
    """The hard limit counts: `roomd serve` takes as much as it is allowed."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    return [files_line(most)]


def files_line(most: int) -> Line:
    if most != resource.RLIM_INFINITY and most < MIN_FILES:
        fix = f"Raise it to {MIN_FILES}: `ulimit -n`, LimitNOFILE= in a systemd unit, --ulimit nofile= in Docker."
        return warn(GROUP, "open files", f"{most} at most, which is as many listeners, and less", fix)
    return ok(GROUP, "open files", "no limit" if most == resource.RLIM_INFINITY else f"{most} at most")


async def pictures() -> Lines:
    return await asyncio.to_thread(_pictures)


def _pictures() -> Lines:
    from PIL import __version__, features

    missing = [name for part, name in _PICTURES.items() if not features.check(part)]
    if missing:
        found = f"Pillow {__version__} was built without {', '.join(missing)}: such pictures cannot be uploaded"
        return [warn(GROUP, "pictures", found, "Install its wheel: `pip install --force-reinstall pillow`.")]
    return [ok(GROUP, "pictures", f"Pillow {__version__}")]


def settings() -> tuple[Settings | None, Sequence[Line]]:
    """The settings, even where they do not go together, as much can be looked at with them; and what to say of it."""
    try:
        given = read()
    except SettingsError as fault:
        return None, [_not_good(fault)]
    try:
        check(given)
    except SettingsError as fault:
        return given, [_not_good(fault), _kind(given)]
    return given, [ok(GROUP, "settings", "can be read, and go together"), _kind(given)]


def _not_good(fault: SettingsError) -> Line:
    return fail(GROUP, "settings", str(fault), "Correct it; docs/settings.md describes each variable.")


def _kind(given: Settings) -> Line:
    if given.dyno is not None:
        return ok(GROUP, "kind", f"a dyno ({given.dyno}): the disk is wiped at each restart")
    if given.production:
        return ok(GROUP, "kind", "production: people depend on this server")
    return ok(GROUP, "kind", "development" + (", as DEBUG is set" if given.debug else ""))
