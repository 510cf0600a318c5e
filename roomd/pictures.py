"""Pictures that people upload, judged by their content, decoded by a process of their own, and written anew."""

import asyncio
import contextlib
import logging
import os
import sys
from pathlib import Path
from typing import Literal

from roomd.domain.refusals import Invalid, Limited, Unavailable

#: Longer pictures are refused before they are looked at.
MAX_BYTES = 8 << 20
#: Side of an avatar, which is square, and the longer side of a cover, in pixels.
AVATAR, COVER = 512, 1_000
#: Decoded at the same time; one takes up to 0.6 GB.
AT_ONCE = 1
#: Those that may wait for their turn: the worst take 1 s each, ordinary ones 0.2 s.
WAITING = 8
#: Seconds that one may take. CPU time is limited by the other process itself, to 10 s.
PATIENCE_S = 20.0
MIME = "image/webp"

_WORKER = str(Path(__file__).with_name("picture_worker.py"))
_LOG = logging.getLogger(__name__)


class Pictures:
    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._inside = 0

    async def avatar(self, data: bytes) -> bytes:
        """A square WebP of 512 pixels at most. Raises as `_convert` does."""
        return await self._convert(data, "square", AVATAR)

    async def cover(self, data: bytes) -> bytes:
        """A WebP whose longer side has 1,000 pixels at most. Raises as `_convert` does."""
        return await self._convert(data, "whole", COVER)

    async def small(self, data: bytes, side: int) -> bytes:
        """A WebP whose longer side has so many pixels at most. Raises as `_convert` does."""
        return await self._convert(data, "whole", side)

    async def _convert(self, data: bytes, shape: Literal["square", "whole"], side: int) -> bytes:
        """Raises Invalid (`not_a_picture`, `too_large`), Limited when too many wait, Unavailable after PATIENCE_S."""
        if len(data) > MAX_BYTES:
            raise Invalid(f"a picture has at most {MAX_BYTES >> 20} MiB", "too_large")
        if self._inside > WAITING:
            raise Limited("many pictures are being looked at; try again in a moment", 5.0, "busy")
        self._inside += 1
        try:
            async with self._turns:
                return _answered(await _run(data, shape, side))
        finally:
            self._inside -= 1


async def _run(data: bytes, shape: str, side: int) -> bytes:
    """What the other process says; nothing when it came to a bad end."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        _WORKER,
        shape,
        str(side),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        # Nothing of our environment, which holds secrets; only where to find Pillow.
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            said, _ = await child.communicate(data)
    except TimeoutError:
        raise Unavailable("this picture takes too long to read; try again later") from None
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode:
        _LOG.info("a picture of %d bytes ended its decoder with %d", len(data), child.returncode)
        return b""
    return said


def _answered(said: bytes) -> bytes:
    head, _, rest = said.partition(b"\n")
    if head == b"webp":
        return rest
    if head == b"refused too_large":
        raise Invalid(rest.decode(), "too_large")
    raise Invalid(rest.decode() or "that picture cannot be read", "not_a_picture")
