"""Which modules a page's script leads to, so that a browser asks for all at once instead of one level at a time."""

import re
from functools import cache
from pathlib import Path, PurePosixPath

_IMPORT = re.compile(r"""^(?:import|export)\b(?:[^"';]*?\bfrom)?\s*["'](\.[^"']+)["']""", re.MULTILINE)


@cache
def modules_of(root: Path, entry: str) -> tuple[str, ...]:
    """The paths under `root` of what `entry` imports, and what that does, without `entry` itself."""
    found: dict[str, None] = {}
    coming = [entry]
    while coming:
        path = coming.pop()
        for name in _IMPORT.findall((root / path).read_text(encoding="utf-8")):
            module = _resolved(PurePosixPath(path).parent, name)
            if module not in found and module != entry:
                found[module] = None
                coming.append(module)
    return tuple(found)


def _resolved(folder: PurePosixPath, name: str) -> str:
    parts: list[str] = []
    for part in (folder / name).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
