"""Opening files beside the loop."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


async def opened(opens: Callable[[Path], BinaryIO | None], path: Path) -> BinaryIO | None:
    """What `opens` returns, called in a thread. Whoever receives the file closes it."""
    opening = asyncio.get_running_loop().run_in_executor(None, opens, path)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        # The thread goes on, and nobody receives what it opens.
        if file := await opening:
            file.close()
        raise
